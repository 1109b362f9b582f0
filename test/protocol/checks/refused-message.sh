# A msg that is no message goes to _err/ with the reason, once it is still; what was written is kept beside it.
. "$LIB"
new_queue 'echo ran' '{"settle": "0.3s"}'
message '{"param1": "torn'
torn=$id
message '[1]'
array=$id
new_id
mkdir -p "$T/item/msg"
mv "$T/item" "$Q/que/$id"
directory=$id
settled _err "$torn"
contains "$item/msg" 'msg is not JSON'
contains "$item/msg.refused" '{"param1": "torn'
settled _err "$array"
contains "$item/msg" 'msg is not a JSON object'
settled _err "$directory"
contains "$item/msg" 'msg is not a regular file'
message '{}'
settled done "$id"
