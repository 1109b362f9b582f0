# A queue renamed while an item runs settles it under the new name; one made in its place is another queue.
. "$LIB"
new_queue "$(waits_for_go)"
message '{}'
eventually runs "$id"
mv "$Q" "$Q-new"
: > "$T/go"
Q=$Q-new
settled done "$id"
message '{}'
settled done "$id"
