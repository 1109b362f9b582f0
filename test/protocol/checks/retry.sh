# mv _err/x que/ tries again: the history stays, the numbers go on, and the budget begins anew.
. "$LIB"
new_queue '[ -e "$RQ_ROOT/scratch.retry/mended" ]' '{"retry": {"limit": 1, "base": 0}}'
message '{}' ,p3
settled _err "$id,p3"
equal 'the attempts' "$(attempts "$item/msg")" 2

mv "$item" "$Q/que/"
four() { is_in _err "$id,p3" && [ "$(attempts "$item/msg")" = 4 ]; }
eventually four

: > "$T/mended"
mv "$item" "$Q/que/"
settled done "$id,p3"
contains "$item/msg" '"n":5'
