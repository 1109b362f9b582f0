# Dotfiles, *.tmp and *.part are nobody's items; renamed to another name they are.
. "$LIB"
new_queue 'cat'
for name in .hidden x.tmp x.part x.csv.tmp x.tmp,p1; do printf '%s\n' "$name" > "$Q/que/$name"; done
printf 'canary\n' > "$Q/que/canary"
settled done '*-canary'
for name in .hidden x.tmp x.part x.csv.tmp x.tmp,p1; do contains "$Q/que/$name" "$name"; done
mv "$Q/que/x.part" "$Q/que/x"
settled done '*-x'
contains "$item/job/stdio.log" x.part
