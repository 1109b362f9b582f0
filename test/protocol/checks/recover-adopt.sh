# Recovery: an attempt whose process group lives is adopted: it is not run again, and settled by what it records.
. "$LIB"
build_queue 'echo ran'
setsid sh -c 'until [ -e "$0/go" ]; do sleep 0.05; done; printf "#%-4s" 3 | dd of="$1" conv=notrunc 2> /dev/null' \
  "$T" "$T/attempt" &
until [ "$(sed 's/.*) //' "/proc/$!/stat" | cut -d' ' -f3)" = "$!" ]; do sleep 0.01; done
start=$(sed 's/.*) //' "/proc/$!/stat" | cut -d' ' -f20)
left_in_run '{}' '' "$boot" "$!" "$start"
ln "$B/run/$id/attempt.1" "$T/attempt"
adopted=$id
open_queue
message '{}'
settled done "$id"
still_in run "$adopted"
: > "$T/go"
settled _err "$adopted"
contains "$item/msg" '"exit":3'
[ ! -e "$item/job/stdio.log" ] || fail 'it ran again'
