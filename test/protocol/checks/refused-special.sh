# A FIFO, a symlink, a socket's like, or a directory without msg goes to _err/ with the reason: not opened, not followed.
. "$LIB"
printf 'secret\n' > "$T/secret"
new_queue 'cat -- "$@" < /dev/null' '{"settle": "0.1s"}'
mkfifo "$Q/que/fifo"
ln -s "$T/secret" "$Q/que/link"
ln -s /no/such/file "$Q/que/dangling"
mkdir "$Q/que/bare"
printf x > "$Q/que/bare/file"
for name in fifo link dangling bare; do
  settled _err "*-$name"
  contains "$item/msg" '"cause":"refused"'
  contains "$item/msg" '"text":'
  [ ! -e "$item/job" ] || fail "$name was run"
done
still_in _err '*-link'
[ -L "$item/attach/link" ] || fail 'the link is no link any more'
contains "$T/secret" secret
still_in _err '*-bare'
contains "$item/attach/bare/file" x
