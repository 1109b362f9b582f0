# While _down is there nothing starts.
. "$LIB"
build_queue 'echo ran'
touch "$B/_down"
open_queue
eventually grep -q '"gate":{"kind":"queue-down"' "$Q/_status.json"
message '{}'
eventually grep -q '"ready":1' "$Q/_status.json"
still_in que "$id.msg"
rm "$Q/_down"
settled done "$id"
