# A directory moved into run/ by hand is put into que/ by the next worker, and runs under the id that it gets.
. "$LIB"
build_queue 'echo ran'
mkdir -p "$B/run/by hand"
printf '{}' > "$B/run/by hand/msg"
open_queue
settled done '*-by_hand'
