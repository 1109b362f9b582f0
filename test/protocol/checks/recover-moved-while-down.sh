# An item moved out of run/ while no worker lived, and its handler does, is not started beside it.
. "$LIB"
build_queue 'echo "attempt $RQ_ATTEMPT"'
setsid sh -c 'until [ -e "$0/go" ]; do sleep 0.05; done' "$T" &
until [ "$(sed 's/.*) //' "/proc/$!/stat" | cut -d' ' -f3)" = "$!" ]; do sleep 0.01; done
start=$(sed 's/.*) //' "/proc/$!/stat" | cut -d' ' -f20)
left_in_run '{}' '' "$boot" "$!" "$start"
mv "$B/run/$id" "$B/que/"
alive=$id
open_queue
message '{}'
settled done "$id"
still_in que "$alive"
: > "$T/go"
settled done "$alive"
contains "$item/job/stdio.log" 'attempt 2'
