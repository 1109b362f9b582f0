# <id>.msg is a message without attachments: its keys are in the environment, stdin is empty, there are no arguments.
. "$LIB"
new_queue 'printf "%s|" "$RQ_PARAM1" "$RQ_PARAM2" "$RQ_SRC" "$RQ_PARAMS" "$#" "$(wc -c)"'
message '{"param1": "it'\''s \"$(x)\"", "param2": 7, "src": "me", "params": {"k": ["v"]}, "own key": {"kept": true}}'

settled done "$id"
contains "$item/job/stdio.log" 'it'\''s "$(x)"|7|me|{"k":["v"]}|0|0|'
contains "$item/msg" '"own key": {"kept":true}'
