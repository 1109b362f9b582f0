import { existsSync, mkdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { handler } from '../fixtures/handlers.ts'
import { until } from '../helpers/until.ts'
import { newId, startWorker, testQueue } from '../helpers/worker.ts'

const EXITS = [
  ['0 is done', 0, 'done', 'done'],
  ['1 is a failure', 1, '_err', 'fail'],
  ['65 is a failure', 65, '_err', 'fail'],
  ['100 is a failure', 100, '_err', 'fail'],
  ['99 without a destination is a failure', 99, '_err', 'fail'],
  ['137 is a failure with a signal', 137, '_err', 'fail'],
] as const

test.each(EXITS)('exit %s', async (_name, code, state, verdict) => {
  const queue = testQueue(handler('exit-n.sh'))
  const worker = await startWorker(queue.path)
  const id = queue.send({ param1: String(code) })

  expect(await queue.settled(id)).toBe(state)
  expect(queue.attempts(id)).toMatchObject([{ n: 1, exit: code, verdict }])
  await worker.stop()
})

test.each([75, 111])(
  'exit %d goes back to que/ with a due time, and fails when its attempts are spent',
  async (code) => {
    const queue = testQueue(handler('exit-n.sh'), { reschedule_after: 0, max_attempts: 3 })
    const worker = await startWorker(queue.path)
    const id = queue.send({ param1: String(code) })

    expect(await queue.settled(id)).toBe('_err')
    expect(queue.attempts(id).map((attempt) => attempt.verdict)).toEqual(['reschedule', 'reschedule', 'fail'])
    await worker.stop()
  },
)

test('a plain failure is retried as often as the queue says, and then fails', async () => {
  const queue = testQueue('#!/bin/sh\nexit 1\n', { retry: { limit: 2, base: 0 } })
  const worker = await startWorker(queue.path)
  const id = queue.send({})

  expect(await queue.settled(id)).toBe('_err')
  expect(queue.attempts(id)).toHaveLength(3)
  await worker.stop()
})

test('a dropped file is $1 and stdin, and keeps its name', async () => {
  const queue = testQueue('#!/bin/sh\necho "arg=$1 name=$RQ_NAME"; cat; cat "$RQ_PAYLOAD"\n', { settle: 0 })
  const worker = await startWorker(queue.path)
  writeFileSync(join(queue.path, 'que/a report.csv'), 'one,two\n')

  const id = await untilOne(queue)
  expect(queue.log(id)).toContain('arg=../attach/a report.csv name=a report.csv\none,two\none,two\n')
  expect(id).toMatch(/-a_report\.csv$/)
  await worker.stop()
})

test('a message has its parameters in the environment, whatever they hold', async () => {
  const queue = testQueue(`#!/bin/sh
printf '%s|' "$RQ_PARAM1" "$RQ_PARAM2" "$RQ_PARAM3" "$RQ_PARAM4" "$RQ_PARAMS" "$RQ_QUEUE" "$RQ_ATTEMPT" "$RQ_COUNT" "$RQ_PRIORITY" "$RQ_TAGS"
`)
  const worker = await startWorker(queue.path)
  const hostile = `it's "$(touch pwned)" \`id\` \\ \n newline ü €`
  const id = queue.send({ param1: hostile, param2: '', param4: 7, params: { k: ['v'] } }, ',p2,+eu,+fast')

  await queue.settled(id)
  expect(queue.log(id)).toContain(`${hostile}|||7|{"k":["v"]}|q|1|0|2|eu fast|`)
  await worker.stop()
})

test('nothing of one item is seen by the next in the same slot', async () => {
  const queue = testQueue('#!/bin/sh\necho "[$RQ_PARAM1][$RQ_SRC][$RQ_NAME][$#]"\n', { slots: 1 })
  const worker = await startWorker(queue.path)
  const first = queue.send({ param1: 'secret', src: 'somebody', name: 'n' })
  await queue.settled(first)
  const second = queue.send({})
  await queue.settled(second)
  expect(queue.log(second)).toContain('[][][][0]')
  await worker.stop()
})

test('each attempt has a header in the log, a fresh job/, and the files of the one before beside it', async () => {
  const queue = testQueue('#!/bin/sh\nls; echo x > made-here; [ "$RQ_ATTEMPT" = 2 ]\n', {
    retry: { limit: 1, base: 0 },
  })
  const worker = await startWorker(queue.path)
  const id = queue.send({})

  expect(await queue.settled(id)).toBe('done')
  expect(queue.log(id).match(/^--- .* attempt \d/gm)).toHaveLength(2)
  expect(queue.log(id)).not.toContain('made-here')
  expect(readFileSync(join(queue.dirOf(id), 'job.1/made-here'), 'utf8')).toBe('x\n')
  await worker.stop()
})

test('a job/ that came with the item is set aside, and its log is not written through', async () => {
  const queue = testQueue('#!/bin/sh\necho hello\n')
  const target = join(queue.path, 'victim')
  writeFileSync(target, 'untouched')
  const id = newId()
  mkdirSync(join(queue.path, '.new/job'), { recursive: true })
  writeFileSync(join(queue.path, '.new/msg'), JSON.stringify({ attempts: [{ n: 1, verdict: 'reschedule' }] }))
  symlinkSync(target, join(queue.path, '.new/job/stdio.log'))
  renameSync(join(queue.path, '.new'), join(queue.path, 'que', id))
  const worker = await startWorker(queue.path)

  expect(await queue.settled(id)).toBe('done')
  expect(readFileSync(target, 'utf8')).toBe('untouched')
  expect(queue.log(id)).toContain('hello')
  await worker.stop()
})

test('a result is taken into the message; what is not JSON stays a file', async () => {
  const good = testQueue(handler('result.sh'))
  const bad = testQueue(handler('result-bad.sh'))
  const workers = [await startWorker(good.path), await startWorker(bad.path)]
  const [a, b] = [good.send({}), bad.send({})]

  await good.settled(a)
  await bad.settled(b)
  expect(good.msg(a).result).toBeDefined()
  expect(good.msg(a).attempts).toHaveLength(1)
  expect(bad.msg(b).result).toBeUndefined()
  expect(readFileSync(join(bad.dirOf(b), 'result'), 'utf8')).not.toBe('')
  await Promise.all(workers.map((worker) => worker.stop()))
})

test('the first verdict line wins, and a nonzero exit beats done', async () => {
  const lines = testQueue(handler('says-two.sh'))
  const exits = testQueue(handler('says-done-exits-1.sh'))
  const workers = [await startWorker(lines.path), await startWorker(exits.path)]
  const [a, b] = [lines.send({}), exits.send({})]

  expect(await lines.settled(a)).toBe('_err')
  expect(lines.attempts(a)[0]?.text).toBe('first')
  expect(await exits.settled(b)).toBe('_err')
  await Promise.all(workers.map((worker) => worker.stop()))
})

test('with handshake required there is no success without a verdict line', async () => {
  const queue = testQueue(handler('no-verdict.sh'), { handshake: 'required' })
  const worker = await startWorker(queue.path)
  const id = queue.send({})
  expect(await queue.settled(id)).toBe('_err')
  expect(queue.attempts(id)[0]?.text).toContain('handshake')
  await worker.stop()
})

test.each(['language.py', 'language.pl', 'language.mjs'] as const)(
  'a handler may be written in any language: %s',
  async (name) => {
    const queue = testQueue(handler(name))
    const worker = await startWorker(queue.path)
    const id = queue.drop('payload\n')
    expect(await queue.settled(id)).toBe('done')
    await worker.stop()
  },
)

test('priority goes first, then the id that was made first', async () => {
  const record = '#!/bin/sh\necho "$RQ_MSG_ID" >> ../../../order\n'
  const queue = testQueue(record, { slots: 1 })
  const ids = [queue.send({}), queue.send({}, ',p9'), queue.send({}, ',p0'), queue.send({})]
  const worker = await startWorker(queue.path)
  for (const id of ids) await queue.settled(id)
  const order = readFileSync(join(queue.path, 'order'), 'utf8').trim().split('\n')
  expect(order).toEqual([ids[2], ids[0], ids[3], ids[1]])
  await worker.stop()
})

async function untilOne(queue: ReturnType<typeof testQueue>): Promise<string> {
  return until(
    () => queue.names('done')[0],
    10_000,
    () => JSON.stringify(queue.events().slice(-5)),
  )
}

test('a file that came with the item is never sourced as our attempt', async () => {
  for (const [n, file] of [
    [1_000_000, 'attempt.1000001'],
    [1, 'attempt.2'],
    [0, 'attempt.1'],
  ] as const) {
    const queue = testQueue('#!/bin/sh\nexit 0\n')
    const id = newId()
    const dir = join(queue.path, '.new')
    mkdirSync(dir)
    writeFileSync(join(dir, 'msg'), n === 0 ? '{}' : JSON.stringify({ attempts: [{ n, verdict: 'reschedule' }] }))
    writeFileSync(join(dir, file), `#\n# 1 1 x -\ntouch ${queue.path}/pwned\n#status\n`)
    renameSync(dir, join(queue.path, 'que', id))
    const worker = await startWorker(queue.path)
    await queue.settled(id)
    expect(existsSync(join(queue.path, 'pwned'))).toBe(false)
    await worker.stop()
  }
})

test('a destination of any length and alphabet is refused in words', async () => {
  const queue = testQueue('#!/bin/sh\nexit 99\n')
  const worker = await startWorker(queue.path)
  const id = queue.send({ dest: 'é'.repeat(60_000) })
  expect(await queue.settled(id)).toBe('_err')
  expect(worker.process.exitCode).toBeNull()
  await worker.stop()
})
