# A copy of a running item does not start while it runs, under the same id.
. "$LIB"
new_queue "$(waits_for_go)"
message '{}'
running=$id
eventually runs "$id"
cp -r "$Q/run/$id" "$T/copy"
mv "$T/copy" "$Q/que/$id,p0"
message '{}'
eventually runs "$id"
still_in que "$running,p0"
: > "$T/go"
settled done "$running"
settled done "$running,p0"
