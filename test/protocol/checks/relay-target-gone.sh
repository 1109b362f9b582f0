# Recovery: a relay whose target is gone or down waits for it, and keeps no other item from its verdict.
. "$LIB"
build_queue 'echo ran'
left_in_run "{\"relay\": {\"to\": \"$CHECK-x\", \"id\": \"20260101T000000.000000-aaaaaa\"},
  \"attempts\": [{\"n\": 1, \"exit\": 99, \"verdict\": \"relay\", \"to\": \"$CHECK-x\"}]}" 99
waiting=$id
left_in_run '{}' 0
open_queue
settled done "$id"
message '{}'
settled done "$id"
still_in run "$waiting"
mkdir -p "$RQ_ROOT/queue/$CHECK-x/que"
settled relayed "$waiting"
[ -e "$RQ_ROOT/queue/$CHECK-x/que/20260101T000000.000000-aaaaaa.msg" ] || fail 'not published under its id'
