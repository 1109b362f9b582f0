# Attachments may have any name too.
. "$LIB"
new_queue 'for file; do [ -f "$file" ] || exit 1; done; echo "$#"; cat -- "$@"'
new_id
mkdir -p "$T/item/attach"
cd "$T/item/attach"
for name in -rf 'two
lines' '$(touch pwned)' "$(printf '\377')" "$(printf '%0255d' 0)" msg .hidden; do printf 'x' > "./$name"; done
printf '{}' > ../msg
mv "$T/item" "$Q/que/$id"
settled done "$id"
contains "$item/job/stdio.log" '7
xxxxxxx'
