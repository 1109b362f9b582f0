# A file may have any name that a directory takes: its bytes are the attachment's, whatever they are.
. "$LIB"
new_queue 'sum=$(cat); printf "%s" "$1" > argument; printf "%s" "$sum" > content; [ "$(cat "$1")" = "$sum" ]'
: > "$T/names"
n=0
drop() {
  n=$((n + 1))
  printf 'number %d' "$n" > "$T/file"
  printf '%s' "$1" > "$T/name.$n"
  mv -- "$T/file" "$Q/que/$1"
}
long() { printf '%0255d' 0 | tr 0 "$1"; }
drop ' leading and trailing '
drop 'two
lines'
drop "it's"
drop '"quoted"'
drop '$(touch pwned)'
drop '`touch pwned`'
drop '; touch pwned'
drop '*'
drop '?[a]'
drop '\n'
drop '%41'
drop -rf
drop --
drop -
drop "$(long x)"
drop "$(printf '\377\376')"
drop "$(printf 'latin1-\351.csv')"
drop "$(printf '%0255d' 0 | LC_ALL=C tr 0 '\377')"
drop "$(printf 'gr\303\266\303\237e')"
drop "$(printf 'tab\there')"
drop "$(printf '\033[31mred')"

all() { set -- "$Q"/done/*/*/*; [ $# -eq "$n" ]; }
eventually all
for item in "$Q"/done/*/*/*; do
  number=$(sed 's/number //' "$item/job/content")
  { printf ../attach/; cat "$T/name.$number"; } | cmp - "$item/job/argument" || fail "argument of $item"
  ls -A "$item/attach" | grep -q . || fail "no attachment in $item"
done
[ -z "$(find "$RQ_ROOT" -name 'pwned' -not -path '*/que/*')" ] || fail 'a name was taken for a command'
