# mv done/…/x que/ runs it once more.
. "$LIB"
new_queue 'echo "attempt $RQ_ATTEMPT"; cat'
publish 'payload'
settled done "$id"
mv "$item" "$Q/que/"
twice() { is_in done "$id" && [ "$(attempts "$item/msg")" = 2 ]; }
eventually twice
contains "$item/job/stdio.log" 'attempt 1'
contains "$item/job/stdio.log" 'attempt 2'
contains "$item/msg" '"verdict":"done"'
