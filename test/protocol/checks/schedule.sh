# ,t<unix seconds> is not before: the item runs then, and loses the suffix. Renamed, it is due at another time.
. "$LIB"
new_queue 'date +%s'
due=$(($(date +%s) + 2))
message '{"param1": "soon"}' ",t$due,+x"
soon=$id
message '{"param1": "late"}' ",t$(($(date +%s) + 3600))"
settled done "$soon,+x"
ran=$(tail -n 1 "$item/job/stdio.log")
[ "$ran" -ge "$due" ] || fail "ran at $ran, due at $due"
still_in que "$id.msg,t*"
mv "$item" "$Q/que/$id.msg"
settled done "$id"
