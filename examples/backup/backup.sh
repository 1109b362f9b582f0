#!/bin/bash
# backup.sh ROOT DEST: copies a live root to DEST/<now>/ with rsync. Every item that was acknowledged before it
# began is in the copy, once. Handlers run on meanwhile, and items are accepted; for a moment none is started.
#
# Items move while rsync reads. So nothing is started (the root's _paused) while it reads, and each state is read
# before those into which its items can move: run/, then what has ended, then what waits. An item that moves
# meanwhile is found in both places, never in neither; the later copy is the whole one, and is kept.
#
# Unchanged files are hard links to the copy before. Queues with `dirs` in their config.json need other names here.
set -euo pipefail
shopt -s nullglob

root=${1:?say which root}
dest=${2:?say where to}
mkdir -p "$dest"
dest=$(cd "$dest" && pwd)
copy=$dest/$(date -u +%Y%m%dT%H%M%SZ)
copies=("$dest"/2*Z)
part=$copy.part

# 24: something vanished while it was read. It moved on, and is read where it went.
read_states() {
  local states=() state
  for state; do states+=("--include=/queue/*/$state/***"); done
  rsync -a --delete ${copies[0]:+"--link-dest=${copies[-1]}"} \
    --include=/queue/ --include='/queue/*/' "${states[@]}" --exclude='*' "$root/" "$part/" || [ $? -eq 24 ]
}

resume=()
[ -e "$root/_paused" ] || resume=(rm -f "$root/_paused")
trap '"${resume[@]}"' EXIT

read_states done relayed _err # most of it, before anything has to wait
touch "$root/_paused"
sleep 2 # for the daemon to have seen it
read_states run
read_states done relayed _err
read_states que pause
"${resume[@]}"
# Configuration, handlers and switches. Not locks and logs, nor what is half built (prep/) or scratch.
rsync -a ${copies[0]:+"--link-dest=${copies[-1]}"} --exclude={/_lock*,/rqd.*,/_paused} \
  --exclude='/queue/*/'{run,que,pause,done,relayed,_err,prep,_tmp,_lock*,_log*,_status.json} "$root/" "$part/"

# Prints the id that an item's name begins with; fails for a dropped file, which has none.
id_of() {
  local name=${1##*/}
  name=${name%%,*}
  [[ $name =~ ^[0-9]{8}T[0-9]{6}\.[0-9]{6}-[0-9a-z]{6}(-.*)?$ ]] && echo "${name%.msg}"
}

# The same item in two states: the copy that was read later counts.
for queue in "$part"/queue/*/; do
  declare -A seen=([none]=1)
  for item in "$queue"{que,pause}/* "$queue"{done,relayed}/*/*/* "$queue"_err/* "$queue"run/*; do
    id=$(id_of "$item") || continue
    if [ -n "${seen[$id]:-}" ]; then rm -rf "$item"; else seen[$id]=1; fi
  done
  unset seen
done
mv "$part" "$copy"
echo "$copy"
