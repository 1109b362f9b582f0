# stdout and stderr append to job/stdio.log, each attempt under a header; what else was in job/ is in job.<n>/.
. "$LIB"
new_queue 'echo "out $RQ_ATTEMPT"; echo "err $RQ_ATTEMPT" >&2; [ ! -e left ] || echo found; echo x > left; [ "$RQ_ATTEMPT" = 2 ]' \
  '{"retry": {"limit": 1, "base": 0}}'
message '{}'
settled done "$id"
equal 'the number of headers' "$(grep -c '^--- .* attempt [12]: .*/handler$' "$item/job/stdio.log")" 2
for line in 'out 1' 'err 1' 'out 2' 'err 2'; do contains "$item/job/stdio.log" "$line"; done
lacks "$item/job/stdio.log" found
contains "$item/job.1/left" x
