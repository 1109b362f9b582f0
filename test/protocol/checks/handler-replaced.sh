# A handler replaced by a rename is used from the next run on.
. "$LIB"
new_queue 'echo old'
message '{}'
settled done "$id"
printf '#!/bin/sh\necho new\n' > "$Q/handler.new"
chmod +x "$Q/handler.new"
mv "$Q/handler.new" "$Q/handler"
message '{}'
settled done "$id"
contains "$item/job/stdio.log" new
