# JSON written to $RQ_RESULT is the result, in msg; what is no JSON stays a file.
. "$LIB"
new_queue 'printf "%s" "$RQ_PARAM1" > "$RQ_RESULT"'
message '{"param1": "{\"rows\": 7}"}'
settled done "$id"
contains "$item/msg" '"result": {"rows":7}'
eventually not test -e "$item/result"
message '{"param1": "{half"}'
settled done "$id"
contains "$item/result" '{half'
