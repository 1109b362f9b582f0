#!/bin/sh
# Resend: waits for a file that somebody else makes, without keeping a slot while it waits.
#
#     rq inject arrivals --param1 /mnt/share/report.csv
#
# Each attempt that does not find it asks to be run again, later and later. After the queue's max_attempts
# (15 unless said otherwise) the item fails.
set -eu

wanted=${RQ_PARAM1:?"say which file to wait for: --param1 PATH"}

if [ -e "$wanted" ]; then
  echo "done $wanted is there" >&3
  exit 0
fi

# RQ_COUNT: how often it was run before. 2, 4, 8 ... seconds, at most ten minutes.
delay=2
n=$RQ_COUNT
while [ "$n" -gt 0 ] && [ "$delay" -lt 600 ]; do
  delay=$((delay * 2))
  n=$((n - 1))
done
[ "$delay" -le 600 ] || delay=600
echo "resend $delay-$wanted is not there yet" >&3
