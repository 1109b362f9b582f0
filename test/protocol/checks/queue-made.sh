# mkdir -p queue/NAME/que and an executable handler are a queue; the other directories are made.
. "$LIB"
mkdir -p "$Q/que"
printf '#!/bin/sh\necho ran\n' > "$Q/handler"
chmod +x "$Q/handler"
message '{}'
settled done "$id"
for dir in prep que run pause done relayed _err _tmp; do [ -d "$Q/$dir" ] || fail "no $dir/"; done
