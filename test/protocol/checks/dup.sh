# `dup SECONDS-X-DEST` copies the message while the handler runs; the answer is on fd 4.
. "$LIB"
mkdir -p "$RQ_ROOT/queue/$CHECK-target/que"
printf '#!/bin/sh\necho "$RQ_PARAM1"\n' > "$RQ_ROOT/queue/$CHECK-target/handler"
chmod +x "$RQ_ROOT/queue/$CHECK-target/handler"
new_queue "echo 'dup 0-X-$CHECK-target' >&3; read -r ok copy <&4; echo \"answer \$ok\"; echo \"done \$copy\" >&3
" '{"dup": true}'
message '{"param1": "copied"}'
settled done "$id"
contains "$item/job/stdio.log" 'answer ok'
copy=$(sed -n 's/.*"text":"\([^"]*\)".*/\1/p' "$item/msg")
Q=$RQ_ROOT/queue/$CHECK-target
settled done "$copy"
contains "$item/job/stdio.log" copied
