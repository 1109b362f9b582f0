# Recovery: begun, no exit, and no process of its slot's group: the attempt is lost, counts, and the item runs again.
. "$LIB"
build_queue 'echo "attempt $RQ_ATTEMPT"' '{"max_attempts": 2}'
left_in_run '{}' ''
once=$id
left_in_run '{"attempts": [{"n": 1, "cause": "lost", "verdict": "reschedule", "to": "que"}]}'
mv "$B/run/$id" "$T/item"
printf '#    \n# 4194304 1 %s\n#status\n' "$boot" > "$T/item/attempt.2"
: > "$T/item/started.2"
mv "$T/item" "$B/run/$id"
open_queue
settled done "$once"
contains "$item/msg" '"cause":"lost"'
contains "$item/job/stdio.log" 'attempt 2'
settled _err "$id"
contains "$item/msg" 'gave up'
