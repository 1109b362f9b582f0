# Recovery: a run that was being stopped is settled by the cause in stop.<n>, whether its exit is known or not.
. "$LIB"
build_queue 'echo "attempt $RQ_ATTEMPT"'
left_in_run '{}' ''
printf cancel > "$B/run/$id/stop.1"
canceled=$id
left_in_run '{}' 143
printf shutdown > "$B/run/$id/stop.1"
open_queue
settled _err "$canceled"
contains "$item/msg" '"cause":"cancel"'
settled done "$id"
contains "$item/msg" '"verdict":"interrupted"'
contains "$item/msg" '"free":true'
contains "$item/job/stdio.log" 'attempt 2'
