# Sourced by every check, which runs beside a daemon and speaks to it by files alone.
#   $RQ_ROOT  the root of that daemon     $CHECK  the check's name     $Q  its queue     $T  its scratch directory
set -eu
Q=$RQ_ROOT/queue/$CHECK
T=$RQ_ROOT/scratch.$CHECK
mkdir -p "$T"

fail() {
  echo "$*" >&2
  exit 1
}

# eventually COMMAND...: until it succeeds. The deadline is far beyond what a busy machine needs.
eventually() {
  tries=0
  until "$@"; do
    tries=$((tries + 1))
    [ "$tries" -le 400 ] || fail "not within 20 s: $*"
    sleep 0.05
  done
}

not() { ! "$@"; }

# new_queue HANDLER [CONFIG]: a queue with this shell script for a handler. It appears whole, by one rename.
new_queue() {
  build_queue "$@"
  open_queue
}

# The same in two steps, for a queue that has items before it has a worker: they go to $B/que, $B/run ...
build_queue() {
  B=$T/queue
  mkdir -p "$B/que" "$B/prep" "$B/pause" "$B/_tmp"
  printf '#!/bin/sh\n%s\n' "$1" > "$B/handler"
  chmod +x "$B/handler"
  [ $# -lt 2 ] || printf '%s\n' "$2" > "$B/config.json"
}

open_queue() { mv "$B" "$Q"; }

# new_id: makes $id.
new_id() { id=$(date -u +%Y%m%dT%H%M%S.%6N)-$(tr -dc a-z0-9 < /dev/urandom | head -c 6); }

# publish TEXT [SUFFIX]: a plain file under a new id; message JSON [SUFFIX]: a message. Whole at once, by a rename.
publish() {
  new_id
  printf '%s' "$1" > "$T/new"
  mv "$T/new" "$Q/que/$id${2-}"
}

message() {
  new_id
  printf '%s' "$1" > "$T/new"
  mv "$T/new" "$Q/que/$id.msg${2-}"
}

# is_in STATE PATTERN: has the state an item whose name matches? Its path is in $item.
is_in() {
  case $1 in
    done | relayed) set -- "$Q/$1"/*/*/$2 ;;
    *) set -- "$Q/$1"/$2 ;;
  esac
  [ -e "$1" ] || [ -L "$1" ] || return 1
  item=$1
}

settled() { eventually is_in "$@"; }

still_in() { is_in "$@" || fail "no $2 in $1/ any more"; }

# runs ID: its handler has begun.
runs() { [ -s "$Q/run/$1/job/stdio.log" ]; }

# contains FILE TEXT
contains() {
  grep -qF -- "$2" "$1" || fail "no '$2' in $1, which says: $(cat "$1")"
}

lacks() {
  if grep -qF -- "$2" "$1"; then fail "'$2' in $1, which says: $(cat "$1")"; fi
}

# equal WHAT GOT WANTED
equal() { [ "$2" = "$3" ] || fail "$1 is '$2', not '$3'"; }

# attempts FILE: how many the message tells of.
attempts() { grep -o '"n":' "$1" | wc -l | tr -d ' '; }

# A handler that begins, and ends when $T/go is there.
waits_for_go() { printf 'echo began\nuntil [ -e "%s/go" ]; do sleep 0.02; done' "$T"; }

boot=$(cat /proc/sys/kernel/random/boot_id)

# left_in_run MSG [EXIT [BOOT [PID START]]]: an item in run/ of a queue being built, as a worker that died left it.
# With EXIT ('' for none) it has an attempt; without a living process unless told of one.
left_in_run() {
  new_id
  mkdir -p "$B/run/$id/job"
  printf '%s' "$1" > "$B/run/$id/msg"
  [ $# -gt 1 ] || return 0
  printf '#%-4s\n# %s %s %s\n#status\n' "$2" "${4-4194304}" "${5-1}" "${3-$boot}" > "$B/run/$id/attempt.1"
  : > "$B/run/$id/started.1"
}
