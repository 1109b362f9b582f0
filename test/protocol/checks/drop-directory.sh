# A directory with msg and attach/ is an item: its attachments, in the order of their bytes, are the arguments.
. "$LIB"
new_queue 'for file; do echo "<$file>"; cat -- "$file"; done; echo "payload=$RQ_PAYLOAD $(wc -c)"'
new_id
mkdir -p "$Q/prep/$id/attach"
printf 'second\n' > "$Q/prep/$id/attach/b b"
printf 'first\n' > "$Q/prep/$id/attach/-a"
printf '{"param1": "x"}' > "$Q/prep/$id/msg"
mv "$Q/prep/$id" "$Q/que/$id,+two"

settled done "$id,+two"
contains "$item/job/stdio.log" '<../attach/-a>
first
<../attach/b b>
second
payload=../attach/-a 0'
