/** Hooks of a real worker: their order, what they are told, and that they change nothing they may not. */
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { kill, processesIn } from '../helpers/daemon.ts'
import { addHook, notes } from '../helpers/hooks.ts'
import { until } from '../helpers/until.ts'
import { startWorker, type TestQueue, testQueue } from '../helpers/worker.ts'

const AFTER = ['success', 'error', 'give_up', 'after'] as const

/** A queue whose handler and hooks write their names down, the hooks with what they are told. */
function noting(handler: string, config: object = {}): { queue: TestQueue; lines: () => string[]; path: string } {
  const queue = testQueue('', config)
  const { path, lines } = notes(queue.path)
  writeFileSync(join(queue.path, 'handler'), `#!/bin/sh\necho execute >> ${path}\n${handler}\n`)
  addHook(queue.path, 'before', `echo "$RQ_HOOK" >> ${path}`)
  for (const name of AFTER)
    addHook(queue.path, name, `echo "$RQ_HOOK $RQ_VERDICT $RQ_TO exit=\${RQ_EXIT-none} $RQ_TEXT" >> ${path}`)
  return { queue, lines, path }
}

test('before, the handler, success, after: in this order, and told what was decided', async () => {
  const { queue, lines } = noting('echo done well >&3')
  const worker = await startWorker(queue.path)
  const id = queue.send({})

  expect(await queue.settled(id)).toBe('done')
  expect(lines()).toEqual(['before', 'execute', 'success done done exit=0 well', 'after done done exit=0 well'])
  await worker.stop()
})

test('a failure that is tried again has error; the one that ends it has give_up as well', async () => {
  const { queue, lines } = noting('exit 3', { retry: { limit: 1, base: 0 } })
  const worker = await startWorker(queue.path)
  const id = queue.send({})

  expect(await queue.settled(id)).toBe('_err')
  expect(lines()).toEqual([
    ...['before', 'execute', 'error reschedule que exit=3 exit 3', 'after reschedule que exit=3 exit 3'],
    ...['before', 'execute', 'error fail _err exit=3 exit 3', 'give_up fail _err exit=3 exit 3'],
    'after fail _err exit=3 exit 3',
  ])
  await worker.stop()
})

test('a before that fails keeps the handler from being run, and error and after follow', async () => {
  const { queue, lines, path } = noting('', { retry: { limit: 0 } })
  addHook(queue.path, 'before', `echo before >> ${path}; echo no thanks; echo fail not today >&3; exit 7`)
  const worker = await startWorker(queue.path)
  const id = queue.send({})

  expect(await queue.settled(id)).toBe('_err')
  const text = 'hook before: exit 7: not today'
  expect(queue.attempts(id)).toMatchObject([{ n: 1, exit: 7, verdict: 'fail', text }])
  expect(lines()).toEqual([
    'before',
    ...['error', 'give_up', 'after'].map((hook) => `${hook} fail _err exit=7 ${text}`),
  ])
  expect(queue.log(id)).toContain('no thanks')
  await worker.stop()
})

test.each([75, 111])('a before that exits %d has its item come again', async (code) => {
  const queue = testQueue('#!/bin/sh\necho ran\n')
  addHook(queue.path, 'before', `[ "$RQ_ATTEMPT" = 2 ] || { echo resend 0 >&3; exit ${code}; }`)
  const worker = await startWorker(queue.path)
  const id = queue.send({})

  expect(await queue.settled(id)).toBe('done')
  expect(queue.attempts(id).map(({ verdict, exit }) => [verdict, exit])).toEqual([
    ['reschedule', code],
    ['done', 0],
  ])
  await worker.stop()
})

test.each([65, 78, 99])(
  'a before that exits %d fails its item, and neither relays it nor blames the handler',
  async (code) => {
    const queue = testQueue('#!/bin/sh\nexit 0\n', { relay_to: 'q' })
    addHook(queue.path, 'before', `exit ${code}`)
    const worker = await startWorker(queue.path)
    const id = queue.send({})

    expect(await queue.settled(id)).toBe('_err')
    expect(queue.events('handler-broken')).toEqual([])
    await worker.stop()
  },
)

test('before has the payload as its argument and not on its stdin, which stays the handler’s', async () => {
  const queue = testQueue('#!/bin/sh\necho "handler $(cat)"\n', { settle: 0 })
  addHook(queue.path, 'before', 'cat; echo "before $(cat "$1") $RQ_PARAM1 $PWD"')
  const worker = await startWorker(queue.path)
  const id = queue.drop('payload')

  expect(await queue.settled(id)).toBe('done')
  expect(queue.log(id)).toMatch(/before payload {2}.*\/job\nhandler payload\n/)
  await worker.stop()
})

test('a before of one item is not asked for the next when it is gone', async () => {
  const queue = testQueue('#!/bin/sh\nexit 0\n', { slots: 1 })
  addHook(queue.path, 'before', 'exit 1')
  const worker = await startWorker(queue.path)
  const refused = queue.send({})
  expect(await queue.settled(refused)).toBe('_err')

  rmSync(join(queue.path, 'hooks'), { recursive: true })
  await until(async () => (await queue.settled(queue.send({}))) === 'done')
  await worker.stop()
})

test('hooks that come while the queue runs are asked from then on', async () => {
  const queue = testQueue('#!/bin/sh\nexit 0\n')
  const worker = await startWorker(queue.path)
  expect(await queue.settled(queue.send({}))).toBe('done')
  mkdirSync(join(queue.path, 'hooks'))
  expect(await queue.settled(queue.send({}))).toBe('done')
  addHook(queue.path, 'before', 'exit 1')
  await until(async () => (await queue.settled(queue.send({}))) === '_err')
  await worker.stop()
})

test('a hook after the run has the environment of the handler, whatever the values hold, and its directory', async () => {
  const queue = testQueue('#!/bin/sh\necho data > made\n', { settle: 0, env: { OWN: 'of the queue' } })
  addHook(
    queue.path,
    'success',
    'printf "%s|" "$RQ_PARAM1" "$RQ_ATTEMPT" "$RQ_QUEUE" "$OWN" "$(cat made)" "$RQ_PRIORITY" "$#"',
  )
  const worker = await startWorker(queue.path)
  const hostile = `it's "$(touch pwned)" \`id\` \\ \n ü €`
  const id = queue.send({ param1: hostile }, ',p2')

  expect(await queue.settled(id)).toBe('done')
  expect(queue.log(id)).toContain(`${hostile}|1|q|of the queue|data|2|0|`)
  await worker.stop()
})

test('a payload whose name is no text reaches the hook byte by byte', async () => {
  const queue = testQueue('#!/bin/sh\nexit 0\n', { settle: 0 })
  addHook(queue.path, 'after', 'cat "$1" "$RQ_PAYLOAD"; printf "%s" "$1" | od -An -tx1 | tr -d " \\n"')
  const worker = await startWorker(queue.path)
  const name = Buffer.from('caf\xe9 \n$(id)\n', 'latin1')
  writeFileSync(Buffer.concat([Buffer.from(`${queue.path}/que/`), name]), 'bytes;')

  const id = await until(() => [...queue.all()].find(([, { state }]) => state === 'done')?.[0])
  expect(queue.log(id)).toContain(`bytes;bytes;${Buffer.from('../attach/').toString('hex')}${name.toString('hex')}`)
  await worker.stop()
})

test('a hook that fails, hangs or cannot be run is logged, and the item is done all the same', async () => {
  const queue = testQueue('#!/bin/sh\nexit 0\n', { hooks: { timeout: '300ms' } })
  addHook(queue.path, 'success', 'echo it broke >&2; exit 9')
  addHook(queue.path, 'after', 'trap "" TERM; sleep 1000 & wait; sleep 1000')
  const worker = await startWorker(queue.path)
  const id = queue.send({})

  expect(await queue.settled(id)).toBe('done')
  expect(queue.log(id)).toMatch(/hook success\nit broke\n--- hook success: exit 9\n/)
  chmodSync(join(queue.path, 'hooks/after'), 0o644)
  await until(async () => {
    await queue.settled(queue.send({}))
    return queue.events('hook-failed').some(({ problem }) => problem === 'hooks/after: not executable; chmod +x it')
  }, 30_000)
  expect(queue.names('_err')).toEqual([])
  expect(queue.events('hook-failed').slice(0, 2)).toMatchObject([
    { hook: 'success', id, problem: 'exit 9' },
    { hook: 'after', id, problem: 'took too long, and was ended' },
  ])
  await worker.stop()
})

test('what a hook leaves behind ends with it', async () => {
  const queue = testQueue('#!/bin/sh\nexit 0\n')
  addHook(queue.path, 'after', 'sleep 1000 &')
  const worker = await startWorker(queue.path)
  const id = queue.send({})
  expect(await queue.settled(id)).toBe('done')
  await worker.stop()
  await until(() => processesIn(queue.path).length === 0)
})

test('while a hook runs its item is in run/, its slot is free, and other verdicts do not wait', async () => {
  const queue = testQueue('#!/bin/sh\nexit 0\n', { slots: 2 })
  const { path, lines } = notes(queue.path)
  addHook(
    queue.path,
    'after',
    `[ -n "$RQ_PARAM1" ] || exit 0; echo in >> ${path}; while [ -e ${path} ]; do sleep 0.05; done`,
  )
  const worker = await startWorker(queue.path)
  const held = queue.send({ param1: 'hold' })
  await until(() => lines().length === 1)

  for (const id of [queue.send({}), queue.send({}), queue.send({})]) expect(await queue.settled(id)).toBe('done')
  expect(queue.stateOf(held)).toBe('run')
  rmSync(path)
  expect(await queue.settled(held)).toBe('done')
  await worker.stop()
})

test('a worker that is told to end lets its hooks end first', async () => {
  const queue = testQueue('#!/bin/sh\nexit 0\n')
  const { path, lines } = notes(queue.path)
  addHook(queue.path, 'after', `echo in >> ${path}; sleep 0.5; echo out >> ${path}`)
  const worker = await startWorker(queue.path)
  const id = queue.send({})
  await until(() => lines().length === 1)
  await worker.stop()
  expect(lines()).toEqual(['in', 'out'])
  expect(queue.stateOf(id)).toBe('done')
})

test('a worker that is told to end does not wait for ever: the next one settles, and runs the hook again', async () => {
  const queue = testQueue('#!/bin/sh\nexit 0\n', { term_timeout: '100ms' })
  const { path, lines } = notes(queue.path)
  addHook(queue.path, 'after', `echo in >> ${path}; [ -e ${path}.go ] || sleep 1000`)
  const worker = await startWorker(queue.path)
  const id = queue.send({})
  await until(() => lines().length === 1)
  await worker.stop()
  expect(queue.stateOf(id)).toBe('run')
  await until(() => processesIn(queue.path).length === 0)

  writeFileSync(`${path}.go`, '')
  const next = await startWorker(queue.path)
  expect(await queue.settled(id)).toBe('done')
  expect(lines()).toEqual(['in', 'in'])
  await next.stop()
})

test('an interrupted run is followed by no hook: it will be made again', async () => {
  const { queue, lines } = noting('sleep 1000')
  const worker = await startWorker(queue.path)
  const id = queue.send({})
  await until(() => lines().length === 2)
  await worker.stop()
  expect(queue.stateOf(id)).toBe('que')
  expect(lines()).toEqual(['before', 'execute'])
})

test('a canceled run has failed', async () => {
  const { queue, lines } = noting('exec sleep 1000')
  const worker = await startWorker(queue.path)
  const id = queue.send({})
  await until(() => lines().length === 2)
  writeFileSync(join(queue.dirOf(id), 'cancel'), '')
  expect(await queue.settled(id)).toBe('_err')
  expect(
    lines()
      .slice(2)
      .map((line) => line.split(' ')[0]),
  ).toEqual(['error', 'give_up', 'after'])
  await worker.stop()
})

test('a run that is canceled during before never begins its handler', async () => {
  const { queue, lines, path } = noting('')
  addHook(queue.path, 'before', `trap 'exit 0' TERM; echo before >> ${path}; while :; do sleep 0.05; done`)
  const worker = await startWorker(queue.path)
  const id = queue.send({})
  await until(() => lines().length === 1)
  writeFileSync(join(queue.dirOf(id), 'cancel'), '')
  expect(await queue.settled(id)).toBe('_err')
  expect(lines()).not.toContain('execute')
  await worker.stop()
})

test('an item that was moved away by hand while its hooks ran is not written to', async () => {
  const queue = testQueue('#!/bin/sh\nexit 0\n')
  const { path, lines } = notes(queue.path)
  addHook(queue.path, 'after', `echo in >> ${path}; while [ -e ${path} ]; do sleep 0.05; done`)
  const worker = await startWorker(queue.path)
  const id = queue.send({})
  await until(() => lines().length === 1)
  renameSync(join(queue.path, 'run', id), join(queue.path, 'pause', id))
  rmSync(path)
  await until(() => queue.events('item-ended').some((event) => event['to'] === 'elsewhere'))
  expect(existsSync(join(queue.path, 'pause', id))).toBe(true)
  expect(queue.attempts(id)).toEqual([])
  await worker.stop()
})

test('queue_empty runs once for each emptying, not at an idle start, and not while something is due', async () => {
  const queue = testQueue('#!/bin/sh\nexit 0\n')
  const { path, lines } = notes(queue.path)
  addHook(queue.path, 'queue_empty', `echo "$RQ_HOOK $RQ_QUEUE $(ls que | wc -l) $PWD" >> ${path}`)
  const worker = await startWorker(queue.path)
  await until(() => worker.messages.some(({ type }) => type === 'idle'))
  expect(lines()).toEqual([])

  const ids = Array.from({ length: 20 }, () => queue.send({}))
  for (const id of ids) await queue.settled(id)
  await until(() => lines().length > 0)
  const due = queue.send({}, `,t${Math.ceil(Date.now() / 1000) + 3600}`)
  await queue.settled(queue.send({}))
  await until(() => worker.messages.filter(({ type }) => type === 'idle').length > 1)
  expect(lines()).toEqual([`queue_empty q 0 ${queue.path}`])

  renameSync(join(queue.path, 'que', queue.names('que')[0] ?? ''), join(queue.path, 'que', `${due}.msg`))
  await queue.settled(due)
  await until(() => lines().length === 2)
  await worker.stop()
})

test('a before that cannot be run holds its queue, says why, and lets go when it is mended', async () => {
  const queue = testQueue('#!/bin/sh\nexit 0\n')
  const before = addHook(queue.path, 'before', 'exit 0', 0o644)
  const worker = await startWorker(queue.path)
  const id = queue.send({})
  const status = () => JSON.parse(readFileSync(join(queue.path, '_status.json'), 'utf8'))
  await until(() => status().brokenHandler?.problem === 'hooks/before: not executable; chmod +x it')
  expect(queue.stateOf(id)).toBe('que')

  chmodSync(before, 0o755)
  expect(await queue.settled(id)).toBe('done')
  await worker.stop()
})

const DEATHS = ['worker', 'hook'] as const
test.each(DEATHS)('kill -9 of a %s during before', async (whom) => {
  const queue = testQueue('#!/bin/sh\necho ran\n')
  const { path, lines } = notes(queue.path)
  addHook(queue.path, 'before', `echo $$ >> ${path}; while [ -e ${path} ]; do sleep 0.05; done; exit 5`)
  let worker = await startWorker(queue.path)
  const id = queue.send({})
  await until(() => lines().length === 1)
  if (whom === 'hook') kill(Number(lines()[0]), 'SIGKILL')
  else {
    await worker.kill()
    worker = await startWorker(queue.path)
    rmSync(path)
  }
  // The exit in the file of the attempt is known to be the hook's, also by a worker that was not there.
  expect(await queue.settled(id)).toBe('_err')
  expect(queue.attempts(id)[0]?.text).toBe(whom === 'hook' ? 'hook before: exit 137' : 'hook before: exit 5')
  expect(queue.log(id)).not.toContain('ran')
  await worker.stop()
})

test('an exit of before that was recorded while no worker lived is settled as such', async () => {
  const queue = testQueue('#!/bin/sh\necho ran\n')
  const { path, lines } = notes(queue.path)
  addHook(queue.path, 'before', `echo in >> ${path}; while [ -e ${path} ]; do sleep 0.05; done; exit 255`)
  const worker = await startWorker(queue.path)
  const id = queue.send({})
  await until(() => lines().length === 1)
  await worker.kill()
  rmSync(path)
  await until(() => readFileSync(join(queue.path, 'run', id, 'attempt.1'), 'latin1').startsWith('#255b\n'))

  const next = await startWorker(queue.path)
  expect(await queue.settled(id)).toBe('_err')
  expect(queue.attempts(id)).toMatchObject([{ exit: 255, text: 'hook before: exit 255' }])
  await next.stop()
})

test('kill -9 of a worker during its hooks: the next one settles by the same exit, and they run once more', async () => {
  const queue = testQueue('#!/bin/sh\nexit 4\n')
  const { path, lines } = notes(queue.path)
  addHook(queue.path, 'error', `echo "error $RQ_EXIT" >> ${path}`)
  addHook(
    queue.path,
    'after',
    `echo "after $RQ_EXIT" >> ${path}; [ -e ${path}.go ] || { echo $$ > ${path}.pid; exec sleep 1000; }`,
  )
  const worker = await startWorker(queue.path)
  const id = queue.send({})
  const first = Number(await until(() => existsSync(`${path}.pid`) && readFileSync(`${path}.pid`, 'utf8').trim()))
  await worker.kill()
  writeFileSync(`${path}.go`, '')

  const next = await startWorker(queue.path)
  expect(await queue.settled(id)).toBe('_err')
  expect(queue.attempts(id)).toMatchObject([{ n: 1, exit: 4 }])
  expect(lines()).toEqual(['error 4', 'after 4', 'error 4', 'after 4'])
  // The one of the dead worker was ended first: no two at a time.
  await until(() => !existsSync(`/proc/${first}`))
  await next.stop()
})

test('kill -9 of a hook changes nothing', async () => {
  const queue = testQueue('#!/bin/sh\nexit 0\n')
  const { path, lines } = notes(queue.path)
  addHook(queue.path, 'success', `echo $$ >> ${path}; exec sleep 1000`)
  const worker = await startWorker(queue.path)
  const id = queue.send({})
  kill(Number(await until(() => lines()[0])), 'SIGKILL')
  expect(await queue.settled(id)).toBe('done')
  await until(() => queue.events('hook-failed').length === 1)
  expect(queue.events('hook-failed')).toMatchObject([{ hook: 'success', problem: 'exit 137' }])
  await worker.stop()
})

test('a hook that writes without end fills no more than max_log', async () => {
  const queue = testQueue('#!/bin/sh\nexit 0\n', { max_log: '64K', hooks: { timeout: '2s' } })
  addHook(queue.path, 'after', 'yes | head -c 50000000; sleep 1000')
  const worker = await startWorker(queue.path)
  const id = queue.send({})
  expect(await queue.settled(id)).toBe('done')
  expect(queue.log(id).length).toBeLessThan(64 * 1024)
  await worker.stop()
})

test('an item that is canceled while its hooks run is not tried again', async () => {
  const queue = testQueue('#!/bin/sh\nexit 1\n', { retry: { limit: 3, base: '1h' } })
  mkdirSync(join(queue.path, 'hooks'))
  const hook = '#!/bin/sh\ntouch ../../../asked\nuntil [ -e ../../../go ]; do sleep 0.05; done\n'
  writeFileSync(join(queue.path, 'hooks/error'), hook, { mode: 0o755 })
  const worker = await startWorker(queue.path)
  const id = queue.send({})
  await until(() => existsSync(join(queue.path, 'asked')))
  writeFileSync(join(queue.dirOf(id), 'cancel'), '')
  writeFileSync(join(queue.path, 'go'), '')
  expect(await queue.settled(id)).toBe('_err')
  expect(queue.attempts(id)).toMatchObject([{ exit: 1, cause: 'cancel', verdict: 'fail' }])
  await worker.stop()
})
