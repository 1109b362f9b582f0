# Recovery: an empty claim is removed, a claim without an attempt goes back to que/ at no cost, a stray file is left alone.
. "$LIB"
build_queue 'echo "attempt $RQ_ATTEMPT"; cat'
new_id
mkdir -p "$B/run/$id/attach"
empty=$id
new_id
mkdir -p "$B/run/$id,p1/attach"
printf 'claimed' > "$B/run/$id,p1/attach/report.csv"
printf 'notes' > "$B/run/notes.txt"
open_queue
settled done "$id,p1"
contains "$item/job/stdio.log" 'attempt 1'
contains "$item/job/stdio.log" claimed
equal 'the attempts' "$(attempts "$item/msg")" 1
eventually not test -e "$Q/run/$empty"
contains "$Q/run/notes.txt" notes
