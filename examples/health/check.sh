#!/bin/sh
# Silent while all is well, so that cron mails only trouble. The exit status is that of `rq health`.
said=$("${RQ:-rq}" health "$@")
status=$?
[ "$status" -eq 0 ] || printf '%s\n' "$said"
exit "$status"
