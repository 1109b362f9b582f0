# Tags and a priority stay in the name in every state, and are told to the handler.
. "$LIB"
new_queue 'echo "tags=$RQ_TAGS priority=$RQ_PRIORITY"; ls -d "$RQ_MSG_DIR/.."; [ "$RQ_ATTEMPT" = 2 ]'
printf x > "$Q/que/job.csv,+eu,p2,+big@host:1"
settled _err '*-job.csv,p2,+eu,+big@host:1'
contains "$item/job/stdio.log" 'tags=eu big@host:1 priority=2'
contains "$item/job/stdio.log" "/run/${item##*/}/"
mv "$item" "$Q/que/"
settled done '*-job.csv,p2,+eu,+big@host:1'
