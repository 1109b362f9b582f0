# A queue may call its directories otherwise.
. "$LIB"
build_queue 'cat' '{"dirs": {"que": "working", "run": "work in progress", "done": "resolved", "_err": "failed"}}'
mv "$B/que" "$B/working"
open_queue
new_id
printf 'x' > "$T/new"
mv "$T/new" "$Q/working/$id"
is_resolved() { [ -d "$Q/resolved/"*/*/"$id" ]; }
eventually is_resolved
