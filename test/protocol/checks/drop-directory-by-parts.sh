# A directory made inside que/ waits for its msg, which is written last.
. "$LIB"
new_queue 'cat -- "$@"'
mkdir -p "$Q/que/parts/attach"
printf 'one ' > "$Q/que/parts/attach/1"
printf 'two\n' > "$Q/que/parts/attach/2"
printf '{}' > "$Q/que/parts/msg"

settled done '*-parts'
contains "$item/job/stdio.log" 'one two'
