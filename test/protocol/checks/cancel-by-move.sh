# Moving a running item out of run/ cancels it without a verdict.
. "$LIB"
new_queue 'echo began; echo $$ > pid; while :; do sleep 0.05; done'
message '{}'
eventually runs "$id"
eventually test -s "$Q/run/$id/job/pid"
pid=$(cat "$Q/run/$id/job/pid")
mv "$Q/run/$id" "$Q/pause/"
eventually not test -e "/proc/$pid/job" -o -e "/proc/$pid"
still_in pause "$id"
equal 'the attempts' "$(attempts "$item/msg")" 0
