# A file renamed in under an id starts at once, whatever the settle time, and keeps the id.
. "$LIB"
new_queue 'echo "id=$RQ_MSG_ID file=$1"' '{"settle": "1h"}'
publish 'hello'

settled done "$id"
contains "$item/job/stdio.log" "id=$id file=../attach/payload"
