# An attachment that is no regular file refuses the item; nothing is followed.
. "$LIB"
new_queue 'cat -- "$@"'
new_id
mkdir -p "$T/item/attach"
ln -s /etc/passwd "$T/item/attach/link"
printf '{}' > "$T/item/msg"
mv "$T/item" "$Q/que/$id"
settled _err "$id"
contains "$item/msg" 'attachment is not a regular file'
