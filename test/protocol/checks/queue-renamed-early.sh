# A queue renamed when an attempt has begun and its handler is not yet found runs its own handler all the same.
. "$LIB"
new_queue 'echo ran' "{\"exec_prefix\": [\"sh\", \"-c\", \"until [ -e $T/go ]; do sleep 0.02; done; exec \\\"\$@\\\"\", \"sh\"]}"
message '{}'
eventually runs "$id"
mv "$Q" "$Q-new"
: > "$T/go"
Q=$Q-new
settled done "$id"
equal 'the attempts' "$(attempts "$item/msg")" 1
contains "$item/job/stdio.log" 'ran'
