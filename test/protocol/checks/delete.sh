# A waiting item that is removed, or moved to _tmp/, does not run.
. "$LIB"
new_queue 'echo "$RQ_MSG_ID" >> "$RQ_ROOT/scratch.delete/ran"'
for _ in 1 2; do message '{}' ",t$(($(date +%s) + 2))"; done
mv "$Q/que/$id.msg"* "$Q/_tmp/"
rm "$Q/que/"*.msg*
message '{}' ",t$(($(date +%s) + 3))"
settled done "$id"
equal 'what ran' "$(cat "$T/ran")" "$id"
