# A copy of an item whose verdict is still on its way waits for it, and runs when it has arrived.
. "$LIB"
build_queue 'echo ran'
left_in_run "{\"relay\": {\"to\": \"$CHECK-x\", \"id\": \"20260101T000000.000000-aaaaaa\"},
  \"attempts\": [{\"n\": 1, \"exit\": 99, \"verdict\": \"relay\", \"to\": \"$CHECK-x\"}]}" 99
copied=$id
printf '{}' > "$B/que/$id.msg,p0"
open_queue
message '{}'
settled done "$id"
still_in que "$copied.msg,p0"
# Long enough for the worker to have looked at all of que/ for the last time.
sleep 3
mkdir -p "$RQ_ROOT/queue/$CHECK-x/que"
settled relayed "$copied"
settled done "$copied,p0"
