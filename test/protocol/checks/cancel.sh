# touch run/x/cancel ends the run: TERM first, and the item is in _err/ with the cause.
. "$LIB"
new_queue 'trap "echo got TERM; exit 1" TERM; echo began; while :; do sleep 0.05; done'
message '{}'
eventually runs "$id"
touch "$Q/run/$id/cancel"
settled _err "$id"
contains "$item/msg" '"cause":"cancel"'
contains "$item/job/stdio.log" 'got TERM'
eventually not test -e "$item/cancel"
