# A slot survives the signals that are meant for its handler, and handlers start with no signal ignored.
. "$LIB"
new_queue 'grep SigIgn /proc/$$/status; echo "slot $PPID"; kill -"$RQ_PARAM1" 0; while :; do sleep 0.05; done' '{"slots": 1}'
for signal in TERM INT HUP PIPE QUIT USR1 USR2; do
  message "{\"param1\": \"$signal\"}"
  settled _err "$id"
  contains "$item/msg" "\"signal\":\"SIG$signal\""
  grep -q '^SigIgn:.*[^0[:space:]]' "$item/job/stdio.log" && fail "ignored: $(cat "$item/job/stdio.log")"
  grep '^slot' "$item/job/stdio.log" >> "$T/slots"
done
equal 'the number of slots' "$(sort -u "$T/slots" | wc -l | tr -d ' ')" 1
