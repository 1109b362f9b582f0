# Exit 99 relays to relay_to: the copy has its own id, which the item knows, and the item is in relayed/.
. "$LIB"
mkdir -p "$RQ_ROOT/queue/$CHECK-target/que"
printf '#!/bin/sh\ncat\n' > "$RQ_ROOT/queue/$CHECK-target/handler"
chmod +x "$RQ_ROOT/queue/$CHECK-target/handler"
new_queue 'exit 99' "{\"relay_to\": \"$CHECK-target\"}"
publish 'handed on' ,p4,+t
settled relayed "$id,p4,+t"
contains "$item/msg" "\"to\":\"$CHECK-target\""
copy=$(sed -n 's/.*"relay": {.*"id":"\([^"]*\)".*/\1/p' "$item/msg")
from=$id
Q=$RQ_ROOT/queue/$CHECK-target
settled done "$copy,p4,+t"
contains "$item/msg" "\"orig_msg_id\": \"$from\""
contains "$item/job/stdio.log" 'handed on'
