# Hold, write msg anew, release: the handler sees what was written.
. "$LIB"
new_queue 'echo "param=$RQ_PARAM1"; [ "$RQ_PARAM1" = right ]'
message '{"param1": "wrong", "src": "me"}'
settled _err "$id"
mv "$item" "$Q/pause/"
sed 's/"wrong"/"right"/' "$Q/pause/$id/msg" > "$Q/pause/$id/msg.new"
mv "$Q/pause/$id/msg.new" "$Q/pause/$id/msg"
mv "$Q/pause/$id" "$Q/que/"
settled done "$id"
contains "$item/job/stdio.log" 'param=right'
contains "$item/msg" '"src": "me"'
