# A file that somebody has open for writing waits, however long its writer pauses.
. "$LIB"
new_queue 'cat' '{"settle": "0.2s"}'
exec 5> "$Q/que/slow.txt"
printf 'first half, ' >&5
eventually grep -q '"name":"slow.txt","kind":"settling","why":"open for writing"' "$Q/_status.json"
printf 'second half' >&5
still_in que slow.txt
exec 5>&-
settled done '*-slow.txt'
contains "$item/job/stdio.log" 'first half, second half'
