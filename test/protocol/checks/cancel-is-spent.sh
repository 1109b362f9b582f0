# A cancel mark left in an item does not cancel its next run.
. "$LIB"
new_queue 'echo began; sleep 2.5'
new_id
mkdir "$T/item"
printf '{}' > "$T/item/msg"
: > "$T/item/cancel"
mv "$T/item" "$Q/que/$id"
settled done "$id"
