# While _paused is there items are accepted and not started; what runs runs on.
. "$LIB"
new_queue "$(waits_for_go)"
message '{}'
running=$id
eventually runs "$id"
touch "$Q/_paused"
eventually grep -q '"gate":{"kind":"queue-paused"' "$Q/_status.json"
message '{}'
eventually grep -q '"ready":1' "$Q/_status.json"
: > "$T/go"
settled done "$running"
still_in que "$id.msg"
rm "$Q/_paused"
settled done "$id"
