# Hooks run around a handler, in their order, with what was decided; the handler's descriptors are those it always has.
. "$LIB"
build_queue 'echo run >> ../../../order
for fd in /proc/$$/fd/*; do echo "fd ${fd##*/} $(readlink "$fd")"; done
exit 3'
mkdir "$B/hooks"
for hook in before success error give_up after; do
  printf '#!/bin/sh\necho "$RQ_HOOK ${RQ_VERDICT-} ${RQ_TO-} ${RQ_EXIT-}" >> ../../../order\n' > "$B/hooks/$hook"
  chmod +x "$B/hooks/$hook"
done
open_queue
message '{}'
settled _err "$id"
equal 'the order' "$(cat "$Q/order")" "before   
run
error fail _err 3
give_up fail _err 3
after fail _err 3"
# A shell holds its script open, too; what it inherited from the daemon's own parents is not ours.
root=$(cd "$RQ_ROOT" && pwd -P)
equal 'what is open' "$(sed -n "s|^fd \([0-9]*\) $root.*|\1|p" "$item/job/stdio.log" | grep -vxE '10|255' | tr '\n' ' ')" '1 2 3 '

# One that fails keeps the handler from being run.
printf '#!/bin/sh\nexit 9\n' > "$Q/hooks/before"
rm "$Q/order"
message '{}'
settled _err "$id"
contains "$item/msg" 'hook before: exit 9'
lacks "$Q/order" run
