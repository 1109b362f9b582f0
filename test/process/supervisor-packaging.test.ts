import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { BIN, tempRoot } from '../helpers/daemon.ts'

const UNIT = fileURLToPath(new URL('../../packaging/rqd.service', import.meta.url))
const systemd = spawnSync('systemd-analyze', ['--version'], { encoding: 'utf8' })
const hasSystemd = systemd.status === 0
/** What an older systemd does not know and goes on without; systemd.exec(5) says since when. */
const NEW = Number(/^systemd (\d+)/.exec(systemd.stdout ?? '')?.[1]) < 254 ? /^DelegateSubgroup=.*$/m : /(?!)/

test('systemd has nothing to say against the unit', { skip: !hasSystemd }, () => {
  const copy = join(tempRoot(), 'rqd.service')
  // It looks for the program, which is not installed here.
  writeFileSync(copy, readFileSync(UNIT, 'utf8').replace(NEW, '').replaceAll('/usr/bin/rqd', process.execPath))
  const answer = spawnSync('systemd-analyze', ['verify', copy], { encoding: 'utf8' })
  const ours = answer.stderr.split('\n').filter((line) => line.includes('rqd.service'))
  expect(ours).toEqual([])
})

/** What a container gives: $1 is the spool, $2 node, $3 rqd. */
const CONTAINER = `
set -e
mount --make-rprivate /
mount -t tmpfs -o mode=0700,uid=1000,gid=1000 none "$1"
mount -o remount,ro,bind /
exec setpriv --reuid 1000 --regid 1000 --clear-groups --no-new-privs env -i PATH="$PATH" RQ_ROOT="$1" sh -c '
  touch /written && exit 90
  mkdir -p "$RQ_ROOT/queue/a/que"
  printf "#!/bin/sh\\nexit 0\\n" > "$RQ_ROOT/queue/a/handler"
  chmod +x "$RQ_ROOT/queue/a/handler"
  echo x > "$RQ_ROOT/queue/a/.new"
  mv "$RQ_ROOT/queue/a/.new" "$RQ_ROOT/queue/a/que/20261122T101500.123456-x7f2k9"
  "$0" "$1" start --daemon > /dev/null || exit 91
  n=0
  until [ -n "$(find "$RQ_ROOT/queue/a/done" -name msg 2> /dev/null)" ]; do
    n=$((n + 1)); [ $n -lt 200 ] || exit 92
    sleep 0.1
  done
  "$0" "$1" stop || exit 93
' "$2" "$3"
`

test('it runs in a PID namespace, on a read-only root, as nobody in particular', { skip: !mayMakeNamespaces() }, () => {
  const spool = tempRoot()
  const args = [
    '--mount',
    '--pid',
    '--fork',
    '--mount-proc',
    'sh',
    '-c',
    CONTAINER,
    'sh',
    spool,
    process.execPath,
    BIN.rqd,
  ]
  const answer = spawnSync('unshare', args, { encoding: 'utf8', timeout: 50_000 })
  expect(answer).toMatchObject({ status: 0 })
})

function mayMakeNamespaces(): boolean {
  try {
    execFileSync('unshare', ['--mount', '--pid', '--fork', '--mount-proc', 'true'], { stdio: 'ignore' })
    return true
  } catch {
    // Not root, or in a sandbox that forbids it.
    return false
  }
}
