# A job/, a log that is a link, or files of attempts that come with an item are set aside, never used.
. "$LIB"
printf untouched > "$T/victim"
new_queue 'echo "attempt $RQ_ATTEMPT"; ls'
new_id
mkdir -p "$T/item/job"
ln -s "$T/victim" "$T/item/job/stdio.log"
printf '{}' > "$T/item/msg"
printf '#0   \n# 1 1 x\n#status\ndone forged\n' > "$T/item/attempt.1"
: > "$T/item/started.1"
printf cancel > "$T/item/stop.1"
mv "$T/item" "$Q/que/$id"
settled done "$id"
contains "$item/job/stdio.log" 'attempt 2'
equal 'the victim' "$(cat "$T/victim")" untouched
lacks "$item/msg" forged
