# Recovery: an exit recorded while no worker lived is settled by it and by its status lines; nothing runs again.
. "$LIB"
build_queue 'echo ran'
left_in_run '{}' 0
printf 'run 50%% half\ndone before you came\n' >> "$B/run/$id/attempt.1"
good=$id
left_in_run '{}' 3
open_queue
settled done "$good"
contains "$item/msg" '"text":"before you came"'
[ ! -e "$item/job/stdio.log" ] || fail 'it ran again'
eventually not test -e "$item/attempt.1"
settled _err "$id"
contains "$item/msg" '"exit":3'
