# With a marker, x waits for x.done, which moves into the item as `marker`. An older marker does not count.
. "$LIB"
new_queue 'cat' '{"marker": ".done", "settle": 0}'
printf 'data\n' > "$Q/que/x"
printf 'old\n' > "$T/y.done"
touch -d '2 days ago' "$T/y.done"
mv "$T/y.done" "$Q/que/"
printf 'data\n' > "$Q/que/y"
touch "$Q/que/x.done"
settled done '*-x'
[ -e "$item/marker" ] || fail 'no marker in the item'
still_in que y
touch "$Q/que/y.done"
settled done '*-y'
