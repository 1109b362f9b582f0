#!/bin/sh
# The payload: what a handler is given, printed into the item's log (`rq log ID`).
# A queue with this handler is a way to look before you write your own.
set -eu

echo "The payload is argument 1 (a path relative to the working directory, job/): ${1:-none}"
echo "An item with several files has one argument for each: $#"
echo "A payload that is one file is also on stdin, $(wc -c) bytes"
echo "The file that was dropped was called: ${RQ_NAME:-nothing, it came as a message}"
echo
echo "The rest is in the environment:"
env | grep '^RQ_' | sort

# What is written here stays with the item, in job/.
[ $# -eq 0 ] || head -c 1000 -- "$1" >beginning

# No line on fd 3 is needed: exit status 0 is done.
