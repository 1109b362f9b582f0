# A queue renamed when an attempt has begun and its handler is not yet found fails no item: the attempt is free.
. "$LIB"
new_queue 'echo ran' "{\"exec_prefix\": [\"sh\", \"-c\", \"until [ -e $T/go ]; do sleep 0.02; done; exec \\\"\$@\\\"\", \"sh\"]}"
message '{}'
eventually runs "$id"
mv "$Q" "$Q-new"
: > "$T/go"
Q=$Q-new
settled done "$id"
contains "$item/msg" '"verdict":"broken"'
contains "$item/msg" '"free":true'
