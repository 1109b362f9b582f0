# Exit 78 says that the handler is broken: the item goes back, and the attempt is free.
. "$LIB"
new_queue '[ -e "$RQ_ROOT/scratch.exit-78/mended" ] || exit 78' '{"max_attempts": 1}'
message '{}'
free() { is_in que "$id*" && grep -q '"free":true' "$item/msg"; }
eventually free
contains "$item/msg" '"verdict":"broken"'
: > "$T/mended"
settled done "$id"
