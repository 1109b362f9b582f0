# A hard link is an item without a copy; the other name stays.
. "$LIB"
new_queue 'cat'
printf 'linked\n' > "$T/big"
ln "$T/big" "$Q/que/big"

settled done '*-big'
contains "$item/job/stdio.log" linked
contains "$T/big" linked
equal 'the number of names' "$(ls -l "$T/big" | awk '{print $2}')" 2
