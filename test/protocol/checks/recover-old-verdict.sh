# Recovery: a verdict of an earlier attempt decides nothing; the item goes back to que/ and runs.
. "$LIB"
build_queue 'echo "attempt $RQ_ATTEMPT"'
left_in_run '{"attempts": [{"n": 1, "exit": 0, "verdict": "done", "to": "done"}]}'
open_queue
settled done "$id"
contains "$item/job/stdio.log" 'attempt 2'
