# A running item moved back to que/ by hand is stopped first, then run again: never twice at once.
. "$LIB"
new_queue 'trap "echo end >> \"$RQ_ROOT/scratch.requeue/record\"; exit 143" TERM
echo "begin $RQ_ATTEMPT" | tee -a "$RQ_ROOT/scratch.requeue/record"
[ "$RQ_ATTEMPT" -gt 1 ] && exit 0
while :; do sleep 0.05; done'
message '{}'
eventually runs "$id"
mv "$Q/run/$id" "$Q/que/"
settled done "$id"
equal 'the record' "$(tr '\n' ' ' < "$T/record")" 'begin 1 end begin 2 '
equal 'the attempts' "$(attempts "$item/msg")" 1
