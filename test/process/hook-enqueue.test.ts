/** The hook `enqueue`: asked before anything is published through rqd, and heard. */
import { chmodSync, existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { addHook, notes } from '../helpers/hooks.ts'
import { neighbours } from '../helpers/neighbours.ts'
import { contents, namesIn, rootWithQueue, rq } from '../helpers/rq.ts'
import { until } from '../helpers/until.ts'
import { openQueue, startWorker } from '../helpers/worker.ts'

const REFUSE_BAD = 'read message; case $message in *bad*) echo first >&2; echo "bad is not wanted" >&2; exit 3;; esac'

test('a refused item is not published: exit 1 names it and the reason; the others are', async () => {
  const { root, queue } = rootWithQueue()
  addHook(queue, 'enqueue', 'case "$1" in *.exe) echo "no programs here" >&2; exit 1;; esac')
  for (const name of ['a.txt', 'b.exe', 'c.txt']) writeFileSync(join(root, name), name)
  const said = await rq(root, ['inject', 'q', 'a.txt', 'b.exe', 'c.txt'], { cwd: root })

  expect(said.code).toBe(1)
  expect(said.stderr).toContain('b.exe is not taken: hook enqueue: no programs here')
  expect(said.lines.map((id) => id.slice(30))).toEqual(['a.txt', 'c.txt'])
  expect(namesIn(queue, 'que')).toEqual(said.lines)
  expect(namesIn(queue, 'prep')).toEqual([])
})

test('it is given the message on stdin, the payload as arguments, and who asks', async () => {
  const { root, queue } = rootWithQueue()
  const { path, lines } = notes(root)
  addHook(queue, 'enqueue', `{ cat; cat "$1"; echo; echo "$RQ_HOOK $RQ_QUEUE $RQ_ROOT $RQ_MSG_ID $PWD"; } >> ${path}`)
  writeFileSync(join(root, 'ünï code'), 'content')
  const said = await rq(root, ['inject', 'q', 'ünï code', '--param1', 'one'], { cwd: root })

  expect(said).toMatchObject({ code: 0, stderr: '' })
  const [message = '', content, about] = lines()
  expect(JSON.parse(message)).toEqual({ param1: 'one', name: 'ünï code' })
  expect([content, about]).toEqual(['content', `enqueue q ${root} ${said.lines[0]} ${queue}`])
})

test('each line of a stream is asked for by itself, and a refusal keeps no other', async () => {
  const { root, queue } = rootWithQueue()
  addHook(queue, 'enqueue', REFUSE_BAD)
  const input = ['good', 'bad', 'fine'].map((param1) => `${JSON.stringify({ param1 })}\n`).join('')
  const said = await rq(root, ['inject', 'q', '--json', '-'], { input })

  expect(said.code).toBe(1)
  expect(said.stderr).toMatch(/is not taken: hook enqueue: bad is not wanted/)
  const messages = namesIn(queue, 'que').map((name) => JSON.parse(String(contents(join(queue, 'que', name)))))
  expect(messages).toEqual([{ param1: 'good' }, { param1: 'fine' }])
})

test('a file that was to be moved stays where it was, and stdin leaves nothing behind', async () => {
  const { root, queue } = rootWithQueue()
  addHook(queue, 'enqueue', 'exit 1')
  writeFileSync(join(root, 'file'), 'x')
  expect((await rq(root, ['inject', 'q', '--move', 'file'], { cwd: root })).stderr).toContain('hook enqueue: exit 1')
  expect((await rq(root, ['inject', 'q', '-'], { input: 'x' })).code).toBe(1)

  expect(existsSync(join(root, 'file'))).toBe(true)
  expect([...namesIn(queue, 'que'), ...namesIn(queue, 'prep')]).toEqual([])
})

const UNASKABLE = [
  ['not executable', (hook: string) => chmodSync(hook, 0o644), 'hook enqueue cannot be asked: EACCES'],
  ['too slow', (hook: string) => writeFileSync(hook, '#!/bin/sh\nsleep 1000\n'), 'hook enqueue took too long'],
  [
    'without an interpreter',
    (hook: string) => writeFileSync(hook, '#!/no/such/shell\n'),
    'hook enqueue cannot be asked: ENOENT',
  ],
] as const
test.each(UNASKABLE)('a hook that is %s takes nothing', async (_name, spoil, says) => {
  const { root, queue } = rootWithQueue({ hooks: { timeout: '200ms' } })
  spoil(addHook(queue, 'enqueue', 'exit 0'))
  const said = await rq(root, ['inject', 'q'])
  expect(said.code).toBe(1)
  expect(said.stderr).toContain(says)
  expect(namesIn(queue, 'que')).toEqual([])
})

test('a file that is dropped by hand is not asked for', async () => {
  const { queue } = rootWithQueue()
  addHook(queue, 'enqueue', 'exit 1')
  const opened = openQueue(queue)
  const worker = await startWorker(queue)
  expect(await opened.settled(opened.send({}))).toBe('done')
  await worker.stop()
})

test('a relay that the other queue refuses fails its item, with the reason', async () => {
  const { queue, target } = neighbours('#!/bin/sh\nexit 99\n', { relay_to: 'target' })
  addHook(target.path, 'enqueue', `cat "$1"; ${REFUSE_BAD}`)
  const worker = await startWorker(queue.path)
  const [good, bad] = [queue.send({ param1: 'good' }), queue.send({ param1: 'bad' })]

  expect([await queue.settled(good), await queue.settled(bad)]).toEqual(['relayed', '_err'])
  expect(queue.attempts(bad)).toMatchObject([
    { exit: 99, verdict: 'fail', text: 'relay to target: hook enqueue: bad is not wanted' },
  ])
  expect(target.names('que')).toHaveLength(1)
  await worker.stop()
})

test('the hooks of the item are told of a refused relay as of any failure', async () => {
  const { queue, target } = neighbours('#!/bin/sh\nexit 99\n', { relay_to: 'target' })
  const { path, lines } = notes(queue.path)
  addHook(queue.path, 'success', `echo success >> ${path}`)
  addHook(queue.path, 'error', `echo "error $RQ_TO $RQ_TEXT" >> ${path}`)
  addHook(target.path, 'enqueue', 'exit 1')
  const worker = await startWorker(queue.path)

  expect(await queue.settled(queue.send({}))).toBe('_err')
  expect(lines()).toEqual(['error _err relay to target: hook enqueue: exit 1'])
  await worker.stop()
})

test('a relay that waits for its answer when its worker is killed is asked for again, and published once', async () => {
  const { queue, target } = neighbours('#!/bin/sh\nexit 99\n', { relay_to: 'target' })
  const { path, lines } = notes(queue.path)
  addHook(target.path, 'enqueue', `echo asked >> ${path}; [ -e ${path}.go ] || sleep 1000`)
  const worker = await startWorker(queue.path)
  const id = queue.send({})
  await until(() => lines().length === 1)
  await worker.kill()
  writeFileSync(`${path}.go`, '')

  const next = await startWorker(queue.path)
  expect(await queue.settled(id)).toBe('relayed')
  expect(lines()).toEqual(['asked', 'asked'])
  expect(target.names('que')).toHaveLength(1)
  await next.stop()
})

test('a copy that the other queue refuses is answered with the reason', async () => {
  const { queue, target } = neighbours('#!/bin/sh\necho "dup 0-X-target" >&3; read answer <&4; echo "[$answer]"\n', {
    dup: true,
  })
  addHook(target.path, 'enqueue', REFUSE_BAD)
  const worker = await startWorker(queue.path)
  const [good, bad] = [queue.send({ param1: 'good' }), queue.send({ param1: 'bad' })]

  expect([await queue.settled(good), await queue.settled(bad)]).toEqual(['done', 'done'])
  expect(queue.log(good)).toMatch(/\[ok \d{8}T/)
  expect(queue.log(bad)).toContain('[fail hook enqueue: bad is not wanted]')
  expect(target.names('que')).toHaveLength(1)
  await worker.stop()
})

test('a queue with other names for its directories asks in the same way', async () => {
  const { root, queue } = rootWithQueue({ dirs: { que: 'in', prep: 'build' } })
  addHook(queue, 'enqueue', REFUSE_BAD)
  for (const param1 of ['good', 'bad']) await rq(root, ['inject', 'q', '--param1', param1])
  expect(namesIn(queue, 'in').map((name) => contents(join(queue, 'in', name)))).toEqual(['{\n "param1": "good"\n}\n'])
})
