# A handler that puts directories where its item's own files belong harms itself only.
. "$LIB"
new_queue '[ -z "$RQ_PARAM1" ] || { cd ..; rm -f msg; mkdir -p msg/x .msg.new/x result/x cancel/x stop.1/x; }'
message '{"param1": "hostile"}'
hostile=$id
eventually not is_in que "$hostile*"
message '{"param1": ""}'
settled done "$id"
settled done "$hostile"
contains "$item/msg" '"verdict":"done"'
