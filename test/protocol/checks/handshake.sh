# With handshake required there is no success without a verdict line.
. "$LIB"
new_queue '[ -z "$RQ_PARAM1" ] || echo "done said" >&3' '{"handshake": "required"}'
message '{"param1": ""}'
settled _err "$id"
contains "$item/msg" handshake
message '{"param1": "say"}'
settled done "$id"
