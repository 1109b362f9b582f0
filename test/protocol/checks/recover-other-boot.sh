# Recovery: an exit recorded before the machine went down is not believed, as its outputs may be gone.
. "$LIB"
build_queue 'echo "attempt $RQ_ATTEMPT"'
left_in_run '{}' 0 00000000-0000-0000-0000-000000000000
open_queue
settled done "$id"
contains "$item/msg" '"cause":"lost"'
contains "$item/job/stdio.log" 'attempt 2'
