# A handler that cannot be run burns no items: they wait in que/, and go on when it is there.
. "$LIB"
build_queue 'exit 0'
chmod -x "$B/handler"
open_queue
message '{}'
eventually grep -q 'not executable; chmod +x it' "$Q/_status.json"
still_in que "$id.msg"
chmod +x "$Q/handler"
settled done "$id"
equal 'the attempts' "$(attempts "$item/msg")" 1
