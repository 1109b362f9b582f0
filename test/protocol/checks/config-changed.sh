# A config.json that changes is read at once; a mistake in it keeps items where they are, and names the key.
. "$LIB"
new_queue 'echo "colour=$COLOUR"' '{"env": {"COLOUR": "red"}}'
message '{}'
settled done "$id"
contains "$item/job/stdio.log" 'colour=red'
printf '{"slotz": 1}' > "$T/config" && mv "$T/config" "$Q/config.json"
eventually grep -q slotz "$Q/_status.json"
message '{}'
eventually grep -q '"ready":1' "$Q/_status.json"
still_in que "$id.msg"
printf '{"env": {"COLOUR": "blue"}}' > "$T/config" && mv "$T/config" "$Q/config.json"
settled done "$id"
contains "$item/job/stdio.log" 'colour=blue'
