# A queue may give exit codes another meaning.
. "$LIB"
new_queue 'exit "$RQ_PARAM1"' '{"exit_codes": {"3": "done", "0": "fatal"}, "retry": {"limit": 5, "base": 0}}'
message '{"param1": 3}'
settled done "$id"
message '{"param1": 0}'
settled _err "$id"
equal 'the attempts' "$(attempts "$item/msg")" 1
