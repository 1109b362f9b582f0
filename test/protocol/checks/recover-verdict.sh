# Recovery: an item in run/ that has a verdict for its current attempt is only moved, never run.
. "$LIB"
build_queue 'echo ran'
left_in_run '{"attempts": [{"n": 1, "exit": 1, "verdict": "fail", "to": "_err"}]}' 1
failed=$id
left_in_run '{"attempts": [{"n": 1, "exit": 0, "verdict": "done", "to": "done"}]}' 0
open_queue
settled _err "$failed"
[ ! -e "$item/job/stdio.log" ] || fail 'it ran'
settled done "$id"
[ ! -e "$item/job/stdio.log" ] || fail 'it ran'
