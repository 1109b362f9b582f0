# A handler stands in a fresh job/ of its item, knows who it is, and has the descriptors that it needs and no others.
. "$LIB"
new_queue 'pwd -P; env | grep ^RQ_ | sort; ls -A
for fd in /proc/$$/fd/*; do echo "fd ${fd##*/} $(readlink "$fd")"; done'
new_id
mkdir -p "$T/item/attach"
printf x > "$T/item/attach/file"
cat > "$T/item/msg" <<END
{"dest": "somewhere", "src": "me", "param1": "1", "param2": "2", "param3": "3", "param4": "4",
 "params": {"a": 1}, "job_id": "j", "user_id": "u", "orig_msg_id": "o", "name": "n"}
END
mv "$T/item" "$Q/que/$id,p1,+t"
settled done "$id,p1,+t"
log=$item/job/stdio.log
root=$(cd "$RQ_ROOT" && pwd -P)
for line in "$root/queue/$CHECK/run/$id,p1,+t/job" "RQ_MSG_DIR=$root/queue/$CHECK/run/$id,p1,+t/job" "RQ_ROOT=$root" \
  "RQ_QUEUE=$CHECK" "RQ_MSG_ID=$id" RQ_ATTEMPT=1 RQ_COUNT=0 RQ_SRC=me RQ_DEST=somewhere RQ_DEST_QUEUE=somewhere \
  RQ_PARAM1=1 RQ_PARAM2=2 RQ_PARAM3=3 RQ_PARAM4=4 'RQ_PARAMS={"a":1}' RQ_JOB_ID=j RQ_USER_ID=u RQ_ORIG_MSG_ID=o \
  RQ_NAME=n RQ_PAYLOAD=../attach/file RQ_PRIORITY=1 RQ_TAGS=t RQ_RESULT=../result RQ_WRITE=3 RQ_PIPE=3 \
  RQ_SCRIPT=./handler "RQ_REALSCRIPT=$root/queue/$CHECK/handler" stdio.log; do
  grep -qxF -- "$line" "$log" || fail "no line '$line' in $(cat "$log")"
done
contains "$log" "/q/$CHECK/$id"
item=$root/queue/$CHECK/run/$id,p1,+t
# A shell holds its script open, too.
sed -n "s|^fd \(.*$root.*\)|\1|p" "$log" | grep -v '/handler$' > "$T/descriptors"
equal 'what is open' "$(cat "$T/descriptors")" "0 $item/attach/file
1 $item/job/stdio.log
2 $item/job/stdio.log
3 $item/attempt.1"
