# A suffix that does not parse is part of the name.
. "$LIB"
new_queue 'echo "name=$RQ_NAME priority=$RQ_PRIORITY"'
while read -r name priority; do printf x > "$Q/que/$name"; done <<END
a,p99 5
b,px,p3 3
c,t1.5 5
d,+ 5
END
for expected in 'a,p99 priority=5' 'b,px priority=3' 'c,t1.5 priority=5' 'd,+ priority=5'; do
  settled done "*-$(printf '%s' "${expected% *}" | tr -c 'A-Za-z0-9._\n-' _ | tr -s _)*"
  contains "$item/job/stdio.log" "name=$expected"
done
