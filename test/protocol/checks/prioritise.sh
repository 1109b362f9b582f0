# Priority 0 goes first, 9 last, 5 is the default; a rename changes it. Within one, the oldest id goes first.
. "$LIB"
build_queue 'echo "$RQ_PARAM1:$RQ_PRIORITY" >> "$RQ_ROOT/scratch.prioritise/order"' '{"slots": 1}'
Q=$B # to be filled before it has a worker
message '{"param1": "first"}'
message '{"param1": "last"}' ,p9
message '{"param1": "second"}'
message '{"param1": "raised"}' ,p7
mv "$Q/que/$id.msg,p7" "$Q/que/$id.msg,p1"
message '{"param1": "zero"}' ,p0
Q=$RQ_ROOT/queue/$CHECK
open_queue

five() { [ "$(cat "$T/order" 2> /dev/null | wc -l)" -eq 5 ]; }
eventually five
equal 'the order' "$(tr '\n' ' ' < "$T/order")" 'zero:0 raised:1 first:5 second:5 last:9 '
