# _paused in the root pauses every queue.
. "$LIB"
touch "$RQ_ROOT/_paused"
new_queue 'echo ran'
eventually grep -q '"gate":{"kind":"root-paused"' "$Q/_status.json"
message '{}'
eventually grep -q '"ready":1' "$Q/_status.json"
still_in que "$id.msg"
rm "$RQ_ROOT/_paused"
settled done "$id"
