# An empty file is an item.
. "$LIB"
new_queue 'wc -c'
: > "$Q/que/empty"

settled done '*-empty'
[ ! -s "$item/attach/empty" ]
