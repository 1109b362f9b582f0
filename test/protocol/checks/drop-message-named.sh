# NAME.msg, without an id, is a message too, once it is still.
. "$LIB"
new_queue 'echo "param=$RQ_PARAM1 name=$RQ_NAME"'
printf '{"param1": "x"}' > "$Q/que/order 7.msg"

settled done '*-order_7*'
contains "$item/job/stdio.log" 'param=x name=order 7'
