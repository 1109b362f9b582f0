# An id may end in a name, which is then the payload's.
. "$LIB"
new_queue 'echo "file=$1"'
new_id
printf hello > "$T/new"
mv "$T/new" "$Q/que/$id-report.csv,p2"

settled done "$id-report.csv,p2"
contains "$item/job/stdio.log" 'file=../attach/report.csv'
