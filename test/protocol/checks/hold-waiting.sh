# An item that waits can be taken out of que/ at any moment; it is not run afterwards.
. "$LIB"
new_queue 'echo "$RQ_MSG_ID" >> "$RQ_ROOT/scratch.hold-waiting/ran"'
message '{}' ",t$(($(date +%s) + 2))"
mv "$Q/que/$id.msg"* "$Q/pause/"
held=$id
message '{}' ",t$(($(date +%s) + 3))"
settled done "$id"
still_in pause "$held.msg,t*"
equal 'what ran' "$(cat "$T/ran")" "$id"
