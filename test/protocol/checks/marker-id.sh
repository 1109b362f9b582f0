# With a marker, an item with an id starts at once all the same: its producer renamed it in.
. "$LIB"
new_queue 'cat' '{"marker": ".done"}'
publish 'whole'
settled done "$id"
