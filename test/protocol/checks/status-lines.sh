# Lines on fd 3: the first verdict wins, a nonzero exit beats done, only whole lines count.
. "$LIB"
new_queue 'printf "%b" "$RQ_PARAM1" >&3; exit "${RQ_PARAM2:-0}"'
says() {
  message "{\"param1\": \"$1\", \"param2\": $2}"
  settled "$3" "$id${6-}"
  contains "$item/msg" "\"verdict\":\"$4\""
  contains "$item/msg" "\"text\":\"$5"
}
says 'run 40% half way\\ndone all of it\\n' 0 done done 'all of it'
says 'fail first\\ndone second\\n' 0 _err fail first
says 'err why\\n' 0 _err fail why
says 'done or so\\n' 1 _err fail 'exit 1'
says 'fail why\\n' 1 _err fail why
says 'resend 3600-not yet\\n' 0 que reschedule 'not yet' ',t*'
says 'relayed http://x/1\\n' 0 relayed relay http://x/1
says 'done whole\\nfail torn' 0 done done whole
says 'relay no-such-queue\\n' 0 _err fail 'relay: there is no queue'
