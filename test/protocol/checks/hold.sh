# An item moved to pause/ is held; moved back it runs.
. "$LIB"
new_queue 'echo ran'
new_id
printf '{}' > "$Q/pause/$id.msg"
held=$id
message '{}'
settled done "$id"
still_in pause "$held.msg"
mv "$Q/pause/$held.msg" "$Q/que/"
settled done "$held"
