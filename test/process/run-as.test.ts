/** Handlers of another user, by a worker of root: what they may do, what they may not, and what they try. */
import { execFileSync, spawn } from 'node:child_process'
import {
  chmodSync, chownSync, copyFileSync, existsSync, linkSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync,
  statSync, writeFileSync,
} from 'node:fs' // biome-ignore format: one import
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { processStat } from '../../src/os/process.ts'
import { kill, makeQueue, startDaemon, tempRoot } from '../helpers/daemon.ts'
import { addHook, notes } from '../helpers/hooks.ts'
import { rq } from '../helpers/rq.ts'
import { rqd } from '../helpers/rqd.ts'
import { until } from '../helpers/until.ts'
import { newId, startWorker, type TestQueue, testQueue } from '../helpers/worker.ts'

const IS_ROOT = process.getuid?.() === 0
/** Ids that nobody has. */
const OTHER = 54_321
const THIRD = 54_322

const asRoot = test.runIf(IS_ROOT)
if (!IS_ROOT) test.skip('the others here change users: run the tests as root', () => undefined)

/** A queue whose handler the other user may run; everything else is closed to it. */
function queueFor(handler: string, config: object = {}): TestQueue {
  const queue = testQueue(handler, { user: OTHER, ...config })
  open(queue)
  return queue
}

function open(queue: TestQueue): void {
  chownSync(queue.path, 0, OTHER)
  chmodSync(queue.path, 0o710)
}

function lastText(queue: TestQueue, id: string): string {
  return queue.attempts(id).at(-1)?.text ?? ''
}

asRoot('a handler runs as its user, without groups of root', async () => {
  const queue = queueFor('#!/bin/sh\nid -u; id -g; id -G; umask; cat "$1"; pwd; touch made; ls -ln\n', {
    settle: 0,
    umask: '027',
  })
  const worker = await startWorker(queue.path)
  const id = queue.drop('payload\n')

  expect(await queue.settled(id)).toBe('done')
  expect(queue.log(id)).toContain(`${OTHER}\n${OTHER}\n${OTHER}\n0027\npayload\n`)
  expect(statSync(join(queue.dirOf(id), 'job/made'))).toMatchObject({ uid: OTHER, gid: OTHER, mode: 0o100640 })
  // The empty result that was made for it goes with the files of the attempt.
  await until(() => readdirSync(queue.dirOf(id)).toSorted().join() === 'attach,job,msg')
  await worker.stop()
})

asRoot('a user with a name has its groups and its home', async () => {
  const [, , uid, gid, , home] = execFileSync('getent', ['passwd', 'nobody'], { encoding: 'utf8' }).trim().split(':')
  const queue = testQueue('#!/bin/sh\necho "$(id -u) $(id -g) $HOME $USER"\n', { user: 'nobody' })
  chmodSync(queue.path, 0o711)
  const worker = await startWorker(queue.path)
  const id = queue.send({})
  expect(await queue.settled(id)).toBe('done')
  expect(queue.log(id)).toContain(`${uid} ${gid} ${home} nobody\n`)
  await worker.stop()
})

asRoot('its umask is not left behind for the next item in the same slot', async () => {
  const queue = queueFor('#!/bin/sh\numask\n', { umask: '0', slots: 1 })
  const worker = await startWorker(queue.path)
  for (const id of [queue.send({}), queue.send({})]) {
    expect(await queue.settled(id)).toBe('done')
    expect(statSync(join(queue.dirOf(id), 'job/stdio.log')).mode & 0o777).toBe(0o600)
  }
  await worker.stop()
})

asRoot(
  'it reads its payload and writes its job and its result; all else of its item and queue is closed to it',
  async () => {
    const queue = queueFor(`#!/bin/sh
try() { "$@" 2>/dev/null && echo "DID $*"; }
try ls ..; try ls ../..; try ls ../../que; try cat ../msg; try touch ../new; try rm ../msg; try sh -c 'echo x > ../attach/new'
try sh -c 'echo x >> "$RQ_PAYLOAD"'; try rm "$RQ_PAYLOAD"; try sh -c 'echo x >> ../attempt.1'; try rm ../started.1; try rm ../result
try mv ../job ../elsewhere; try touch ../cancel; try ls ../../../_err; try touch ../../../new
try kill -9 $PPID; try sh -c ': > /proc/self/fd/3'
cat "$RQ_PAYLOAD"; echo '{"mine":1}' > "$RQ_RESULT"; echo done well >&3
`)
    const worker = await startWorker(queue.path)
    const id = queue.drop('payload\n')

    expect(await queue.settled(id)).toBe('done')
    expect(queue.log(id)).not.toContain('DID')
    expect(queue.log(id)).toContain('payload\n')
    expect(queue.msg(id)).toMatchObject({ result: { mine: 1 }, attempts: [{ exit: 0, text: 'well' }] })
    await worker.stop()
  },
)

asRoot('an item that comes again, and one that is run again by hand, is opened anew', async () => {
  const queue = queueFor(
    '#!/bin/sh\necho "attempt $RQ_ATTEMPT $(cat "$1")"; echo "$RQ_ATTEMPT" > "$RQ_RESULT"; exit $((RQ_ATTEMPT == 1 ? 75 : 0))\n',
    {
      reschedule_after: 0,
    },
  )
  const worker = await startWorker(queue.path)
  const id = queue.drop('payload')
  expect(await queue.settled(id)).toBe('done')
  expect(queue.log(id)).toMatch(/attempt 1 payload\n[\s\S]*attempt 2 payload\n/)
  execFileSync('mv', [queue.dirOf(id), join(queue.path, 'que')])
  await until(() => queue.stateOf(id) === 'done' && queue.attempts(id).length === 3)
  expect(queue.msg(id)['result']).toBe(3)
  expect(queue.log(id)).toContain('attempt 3 payload\n')
  await worker.stop()
})

asRoot('a payload that has other names is not changed under them: it is copied', async () => {
  const queue = queueFor('#!/bin/sh\ncat "$1"\n')
  const original = join(tempRoot(), 'secret')
  writeFileSync(original, 'shared', { mode: 0o600 })
  const before = statSync(original)
  const id = queue.drop('')
  rmSync(join(queue.path, 'que', id))
  linkSync(original, join(queue.path, 'que', id))
  const worker = await startWorker(queue.path)

  expect(await queue.settled(id)).toBe('done')
  expect(queue.log(id)).toContain('shared')
  const { uid, gid, mode, ino, nlink } = statSync(original)
  expect({ uid, gid, mode, ino, nlink }).toEqual({
    uid: before.uid,
    gid: before.gid,
    mode: before.mode,
    ino: before.ino,
    nlink: 1,
  })
  await worker.stop()
})

asRoot.each([true, false])(
  'a payload gives nobody the rights of root or of its group (of two names: %s)',
  async (isLinked) => {
    const queue = queueFor('#!/bin/sh\n"$1"\n', { settle: 0 })
    // Of a third user: runs as its owner and group, and is not for others to read.
    const original = join(queue.path, '../../its-own')
    copyFileSync('/usr/bin/id', original)
    chownSync(original, THIRD, THIRD)
    chmodSync(original, 0o6711)
    const id = newId()
    if (isLinked) linkSync(original, join(queue.path, 'que', id))
    else renameSync(original, join(queue.path, 'que', id))
    const worker = await startWorker(queue.path)
    await queue.settled(id)
    expect(queue.log(id)).not.toMatch(/e[ug]id=/)
    for (const name of readdirSync(join(queue.dirOf(id), 'attach')))
      expect(statSync(join(queue.dirOf(id), 'attach', name)).mode & 0o6000).toBe(0)
    await worker.stop()
  },
)

asRoot('a handler that writes another process into its attempt file has nobody killed for it', async () => {
  const victim = spawn('sleep', ['1000'], { detached: true, stdio: 'ignore' })
  const pid = victim.pid ?? 0
  const start = processStat(pid)?.start
  const forge = [
    'import fcntl, os, time',
    'boot = open("/proc/sys/kernel/random/boot_id").read().strip()',
    'fcntl.fcntl(3, fcntl.F_SETFL, fcntl.fcntl(3, fcntl.F_GETFL) & ~os.O_APPEND)',
    `os.pwrite(3, ("#    \\n# ${pid} ${start} " + boot + " -\\n#").encode(), 0)`,
    'open("forged", "w")',
    'time.sleep(1000)',
  ]
  const queue = queueFor(`#!/bin/sh\nexec python3 -c '${forge.join('\n')}'\n`, { term_timeout: 0.2 })
  const worker = await startWorker(queue.path)
  const id = queue.send({})
  await until(() => existsSync(join(queue.dirOf(id), 'job/forged')))
  await worker.kill()
  const next = await startWorker(queue.path)
  writeFileSync(join(queue.path, 'run', id, 'cancel'), '')
  await until(() => queue.stateOf(id) !== 'run', 10_000, 'it is canceled')
  await next.stop()
  expect(victim.signalCode).toBeNull()
  expect(victim.exitCode).toBeNull()
  victim.kill('SIGKILL')
})

asRoot('hooks run as the same user, and before keeps its handler from being run', async () => {
  const queue = queueFor('#!/bin/sh\necho handler\n')
  addHook(queue.path, 'before', 'echo "before $(id -u)"; [ -z "$RQ_PARAM1" ]')
  addHook(queue.path, 'after', 'echo "after $(id -u) $(umask)"; touch by-after')
  const { lines } = notes(queue.path)
  addHook(queue.path, 'queue_empty', 'id -u >> notes')
  const worker = await startWorker(queue.path)
  const [good, bad] = [queue.send({}), queue.send({ param1: 'no' })]

  expect([await queue.settled(good), await queue.settled(bad)]).toEqual(['done', '_err'])
  expect(queue.log(good)).toMatch(new RegExp(`before ${OTHER}\nhandler\n.*\nafter ${OTHER} 0077\n`))
  expect(queue.log(bad)).not.toContain('\nhandler\n')
  await until(() => lines().length > 0)
  expect(lines()[0]).toBe(String(OTHER))
  await worker.stop()
})

asRoot('a run of another user is killed, and what it leaves behind too', async () => {
  const queue = queueFor(
    '#!/bin/sh\ntrap "" TERM\nsetsid sleep 1000 &\necho "$!" > pids; echo $$ >> pids\nwhile :; do sleep 1; done\n',
    {
      term_timeout: '200ms',
    },
  )
  const worker = await startWorker(queue.path)
  const id = queue.send({})
  const pids = () =>
    readFileSync(join(queue.dirOf(id), 'job/pids'), 'utf8')
      .trim()
      .split('\n')
  await until(() => pids().length === 2)
  writeFileSync(join(queue.dirOf(id), 'cancel'), '')
  expect(await queue.settled(id)).toBe('_err')
  await until(() => pids().every((pid) => !existsSync(`/proc/${pid}`)))
  await worker.stop()
})

/** Each plants something in its job directory where root will read, write, rename or list. */
const TRAPS = {
  'a link for its log': 'rm stdio.log; ln -s "$RQ_PARAM1" stdio.log',
  'a FIFO for its log': 'rm stdio.log; mkfifo stdio.log',
  'a directory for its log': 'rm stdio.log; mkdir -p stdio.log/x',
  'a second name for its log': 'ln stdio.log again; yes | head -c 200000',
  'a large file of its own for its log': 'rm stdio.log; yes | head -c 200000 > stdio.log',
  'no directory that may be entered': 'chmod 0 .',
  'a link for its own directory': 'cd /; mv "$OLDPWD" "$OLDPWD.away"; ln -s "$(dirname "$RQ_PARAM1")" "$OLDPWD"',
  'a tree of links': 'ln -s "$(dirname "$RQ_PARAM1")" all; mkdir -p a/b; ln -s "$RQ_PARAM1" a/b/c; chmod 0 a',
  'no bytes in the file of its attempt': 'python3 -c "import os; os.ftruncate(3, 0)" || :',
} as const

asRoot.each(Object.entries(TRAPS))('root writes nowhere else when a handler leaves %s', async (_name, trap) => {
  const queue = queueFor(`#!/bin/sh\n${trap}\nexit $((RQ_ATTEMPT < 3 ? 75 : 0))\n`, {
    reschedule_after: 0,
    max_log: '16K',
    hooks: { timeout: '5s' },
  })
  addHook(queue.path, 'after', 'echo after')
  const outside = tempRoot()
  chmodSync(outside, 0o755)
  const victim = join(outside, 'victim')
  writeFileSync(victim, 'x'.repeat(100_000), { mode: 0o644 })
  const worker = await startWorker(queue.path)
  const id = queue.send({ param1: victim })

  expect(await queue.settled(id)).toBe('done')
  expect(queue.attempts(id)).toHaveLength(3)
  expect(readFileSync(victim, 'utf8') === 'x'.repeat(100_000)).toBe(true)
  const { uid, mode, nlink } = statSync(victim)
  expect({ uid, mode, nlink }).toEqual({ uid: 0, mode: 0o100644, nlink: 1 })
  expect(readdirSync(outside)).toEqual(['victim'])
  await worker.stop()
})

/** By a name that it knows, and from within, where no rename of ours shakes it off. */
const ATTACKS = [
  ['puts a link in the place of the log', 'while (1) { symlink($v, "$j/x"); rename("$j/x", "$j/stdio.log"); }'],
  [
    'shows the log and a link in turns',
    'while (1) { chdir("/"); chdir($j) or next; for (1 .. 300) { rename("stdio.log", "k"); symlink($v, "stdio.log"); rename("k", "stdio.log"); } }',
  ],
] as const
asRoot.each(ATTACKS)('a process of the user that %s gets nothing written through it', async (_name, attack) => {
  const runs = 60
  const queue = queueFor(`#!/bin/sh\n[ "$RQ_ATTEMPT" = ${runs} ] && exit 0\nexit 75\n`, {
    ...{ reschedule_after: 0, slots: 1, max_attempts: runs },
  })
  addHook(queue.path, 'after', 'echo after')
  const outside = tempRoot()
  chmodSync(outside, 0o755)
  const victim = join(outside, 'victim')
  writeFileSync(victim, 'mine\n')
  // It is none of the queue's processes, so nothing ends it; it may enter the directories above and knows the item's name.
  for (const dir of [dirname(queue.path), dirname(dirname(queue.path))]) chmodSync(dir, 0o711)
  const id = queue.drop('')
  const job = join(queue.path, 'run', id, 'job')
  const script = `my ($v, $j) = @ARGV; ${attack}`
  const attacker = spawn('perl', ['-e', script, victim, job], { uid: OTHER, gid: OTHER, stdio: 'ignore', cwd: '/' })
  const worker = await startWorker(queue.path)

  expect(await queue.settled(id, 60_000)).toBe('done')
  kill(attacker.pid ?? 0, 'SIGKILL')
  expect(readFileSync(victim, 'utf8').slice(0, 200)).toBe('mine\n')
  await worker.stop()
})

const DEATHS = ['worker', 'slot', 'handler'] as const
asRoot.each(DEATHS)('kill -9 of its %s', async (whom) => {
  const queue = queueFor('#!/bin/sh\n[ "$RQ_ATTEMPT" = 1 ] || exit 0\necho "$$" > pid; while :; do sleep 0.1; done\n', {
    term_timeout: '100ms',
  })
  let worker = await startWorker(queue.path)
  const id = queue.drop('payload')
  const pid = Number(await until(() => readFileSync(join(queue.path, 'run', id, 'job/pid'), 'utf8').trim()))
  const slot = Number(await until(() => queue.events('item-started')[0]?.['slot']))
  if (whom === 'worker') {
    await worker.kill()
    worker = await startWorker(queue.path)
  }
  if (whom === 'slot') kill(slot, 'SIGKILL')
  kill(pid, 'SIGKILL')
  expect(await queue.settled(id)).toBe(whom === 'slot' ? 'done' : '_err')
  await worker.stop()
})

asRoot('limits are those of the handler, above those of others as well', async () => {
  const queue = queueFor('#!/bin/sh\nulimit -n; ulimit -t; ulimit -c; ulimit -f\n', {
    limits: { nofile: 77, cpu: 12, core: 0, fsize: '1M' },
  })
  const worker = await startWorker(queue.path)
  const id = queue.send({})
  expect(await queue.settled(id)).toBe('done')
  expect(queue.log(id)).toContain('\n77\n12\n0\n2048\n')
  await worker.stop()
})

asRoot('with no_new_privs setuid gives no rights', async () => {
  const queue = queueFor('#!/bin/sh\ngrep NoNewPrivs /proc/self/status\n', { no_new_privs: true })
  const worker = await startWorker(queue.path)
  const id = queue.send({})
  expect(await queue.settled(id)).toBe('done')
  expect(queue.log(id)).toContain('NoNewPrivs:\t1')
  await worker.stop()
})

test('limits, umask and no_new_privs need no root', async () => {
  const queue = testQueue('#!/bin/sh\nulimit -n; umask; grep NoNewPrivs /proc/self/status\n', {
    ...{ limits: { nofile: 64 }, umask: '022', no_new_privs: true },
  })
  const worker = await startWorker(queue.path)
  const id = queue.send({})
  expect(await queue.settled(id)).toBe('done')
  expect(queue.log(id)).toContain('64\n0022\nNoNewPrivs:\t1')
  await worker.stop()
})

function problemOf(queue: TestQueue): Promise<string> {
  return until(() => String(queue.events('config-bad')[0]?.['problem'] ?? ''))
}

test('a user that there is not is a mistake of the configuration, and items stay where they are', async () => {
  const queue = testQueue('#!/bin/sh\nexit 0\n', { user: 'no-such-user' })
  const worker = await startWorker(queue.path)
  const id = queue.send({})
  expect(await problemOf(queue)).toContain('config.json: user: there is no user no-such-user')
  expect(queue.stateOf(id)).toBe('que')
  writeFileSync(join(queue.path, 'config.json'), '{}')
  expect(await queue.settled(id)).toBe('done')
  await worker.stop()
})

asRoot('a queue that its user may not enter says so, and goes on when it may', async () => {
  const queue = testQueue('#!/bin/sh\nexit 0\n', { user: OTHER })
  const worker = await startWorker(queue.path)
  const id = queue.send({})
  expect(await problemOf(queue)).toMatch(
    /user: 54321 may not run \.\/handler: let it enter the directories above it \(chgrp/,
  )
  expect(queue.stateOf(id)).toBe('que')
  open(queue)
  expect(await queue.settled(id)).toBe('done')
  await worker.stop()
})

asRoot('rq why says whose fault it is that nothing runs', async () => {
  const root = tempRoot()
  const path = makeQueue(root, 'q', undefined, { user: OTHER })
  const daemon = await startDaemon(root)
  const [id = ''] = (await rq(root, ['inject', 'q'])).lines
  const why = async () => (await rq(root, ['why', id])).stdout
  await until(async () => (await why()).includes('user: 54321 may not run ./handler'), 20_000)
  // In this order: as soon as its user may run, the item runs.
  addHook(path, 'before', 'exit 0', 0o757)
  writeFileSync(join(path, 'config.json'), '{}')
  await until(async () => (await why()).includes('hooks/before can be written to by others: chmod go-w it'), 20_000)
  await daemon.stop()
})

asRoot('rqd check finds hooks that cannot be run and that root would not run', async () => {
  const root = tempRoot()
  const path = makeQueue(root, 'q')
  await (await startDaemon(root)).stop()
  expect(await rqd('check', '--root', root)).toMatchObject({ code: 0 })
  addHook(path, 'after', 'exit 0', 0o644)
  addHook(path, 'before', 'exit 0', 0o757)
  const { code, stdout } = await rqd('check', '--root', root)
  expect(code).toBe(1)
  expect(stdout).toContain('hooks/after: the hook may not be executed (chmod +x ')
  expect(stdout).toContain('hooks/before can be written to by others: chmod go-w it')
})

asRoot('root runs by no configuration that others may write to', async () => {
  const queue = testQueue('#!/bin/sh\nexit 0\n', {})
  chmodSync(join(queue.path, 'config.json'), 0o666)
  const worker = await startWorker(queue.path)
  const id = queue.send({})
  expect(await problemOf(queue)).toMatch(
    /root runs what it says, but .*config\.json can be written to by others: chmod go-w it/,
  )
  expect(queue.stateOf(id)).toBe('que')
  chmodSync(join(queue.path, 'config.json'), 0o644)
  expect(await queue.settled(id)).toBe('done')
  await worker.stop()
})

asRoot('what goes before a handler is looked up where root looks, not where the handler does', async () => {
  const queue = queueFor('#!/bin/sh\n/usr/bin/id -u\n')
  const bin = join(queue.path, 'bin')
  mkdirSync(bin)
  for (const name of ['chown', 'setpriv', 'prlimit', 'env']) {
    writeFileSync(join(bin, name), '#!/bin/sh\necho "as $(/usr/bin/id -u)"\n')
    chmodSync(join(bin, name), 0o755)
  }
  const config = { user: OTHER, limits: { nofile: 64 }, env: { PATH: bin } }
  writeFileSync(join(queue.path, 'config.json'), JSON.stringify(config))
  const worker = await startWorker(queue.path)
  const id = queue.send({})
  expect(await queue.settled(id)).toBe('done')
  expect(queue.log(id)).toMatch(new RegExp(`handler\n${OTHER}\n$`))
  await worker.stop()
})

asRoot('a worker that is not root says that it would have to be', async () => {
  const queue = testQueue('#!/bin/sh\nexit 0\n', { user: OTHER })
  execFileSync('chown', ['-R', `${THIRD}:${THIRD}`, dirname(dirname(queue.path))])
  const worker = await startWorker(queue.path, { uid: THIRD })
  expect(await problemOf(queue)).toContain('user: only root may run handlers as 54321: run the daemon as root')
  await worker.stop()
})

const UNTRUSTED = [
  [
    'that others may write to',
    (handler: string) => chmodSync(handler, 0o757),
    'can be written to by others: chmod go-w it',
  ],
  [
    'of another user',
    (handler: string) => chownSync(handler, THIRD, 0),
    `belongs to uid ${THIRD}, who could exchange it: chown root it`,
  ],
  [
    'in a directory that others may write to',
    (handler: string) => chmodSync(dirname(handler), 0o777),
    'can be written to by others: chmod go-w it',
  ],
] as const
asRoot.each(UNTRUSTED)('root runs no handler %s', async (_name, spoil, says) => {
  const queue = testQueue('#!/bin/sh\nexit 0\n')
  spoil(join(queue.path, 'handler'))
  const worker = await startWorker(queue.path)
  const id = queue.send({})
  const status = () => JSON.parse(readFileSync(join(queue.path, '_status.json'), 'utf8'))
  await until(() => status().brokenHandler?.problem.includes(says))
  expect(queue.stateOf(id)).toBe('que')
  chownSync(join(queue.path, 'handler'), 0, 0)
  chmodSync(join(queue.path, 'handler'), 0o755)
  chmodSync(queue.path, 0o755)
  expect(await queue.settled(id)).toBe('done')
  await worker.stop()
})

asRoot('a handler may belong to the user that it runs as, and a hook to nobody else', async () => {
  const queue = queueFor('#!/bin/sh\nexit 0\n')
  chownSync(join(queue.path, 'handler'), OTHER, OTHER)
  const after = addHook(queue.path, 'after', 'echo after')
  chownSync(after, THIRD, THIRD)
  const worker = await startWorker(queue.path)
  const id = queue.send({})
  expect(await queue.settled(id)).toBe('done')
  await until(() => queue.events('hook-failed').length > 0)
  expect(queue.log(id)).not.toContain('after')
  expect(lastText(queue, id)).toBe('')
  await worker.stop()
})

asRoot('another kind of dropped item is opened as well: a directory with several files', async () => {
  const queue = queueFor('#!/bin/sh\ncat "$@"\n')
  const worker = await startWorker(queue.path)
  const dir = join(queue.path, 'prep/parcel')
  mkdirSync(join(dir, 'attach'), { recursive: true, mode: 0o700 })
  writeFileSync(join(dir, 'attach/a'), 'one\n', { mode: 0o600 })
  writeFileSync(join(dir, 'attach/b'), 'two\n', { mode: 0o600 })
  writeFileSync(join(dir, 'msg'), '{}')
  execFileSync('mv', [dir, join(queue.path, 'que')])
  const id = await until(() => [...queue.all()].find(([, { state }]) => state === 'done')?.[0])
  expect(queue.log(id)).toContain('one\ntwo\n')
  await worker.stop()
})
