# Recovery: an attempt that no slot has begun costs nothing.
. "$LIB"
build_queue 'echo ran'
left_in_run '{}' ''
rm "$B/run/$id/started.1"
open_queue
settled done "$id"
equal 'the attempts' "$(attempts "$item/msg")" 1
