# A result that is nested too deep for a message, or too large, stays a file.
. "$LIB"
new_queue 'nest() { head -c 100000 /dev/zero | tr "\0" "$1"; }
case $RQ_PARAM1 in deep) nest "["; nest "]" ;; large) printf "\""; head -c 1100000 /dev/zero | tr "\0" x; printf "\"" ;; esac > "$RQ_RESULT"'
for what in deep large; do
  message "{\"param1\": \"$what\"}"
  settled done "$id"
  [ -s "$item/result" ] || fail "the $what result is gone"
done
