# A name that is taken where an item goes is not overwritten: the item gets a fresh id.
. "$LIB"
build_queue 'exit 1'
new_id
mkdir -p "$B/_err/$id"
printf 'older\n' > "$B/_err/$id/msg"
printf '{"param1": "newer"}' > "$B/que/$id.msg"
open_queue
two() { set -- "$Q"/_err/*; [ $# -eq 2 ]; }
eventually two
contains "$Q/_err/$id/msg" older
cat "$Q"/_err/*/msg > "$T/both"
contains "$T/both" newer
