/** Runs that are too long, too hungry, too fat or too quiet: ended, recorded, and retried by the rule for that. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { makeQueue, processesIn, startDaemon, tempRoot } from '../helpers/daemon.ts'
import { until } from '../helpers/until.ts'
import { openQueue, startWorker, type TestQueue, testQueue } from '../helpers/worker.ts'

/** Prints a line ten times a second, for a minute at most. */
const CHATTY = '#!/bin/sh\ni=0\nwhile [ $i -lt 600 ]; do echo $i; i=$((i + 1)); sleep 0.1; done\n'
const QUIET = '#!/bin/sh\nexec sleep 60\n'
const BUSY = '#!/bin/sh\nwhile :; do :; done\n'
/** Half of it in a child that left the process group. */
const FAT = `#!/bin/sh
hog() { exec perl -e '$x = "x" x (40 * 1024 * 1024); sleep 60'; }
hog &
exec setsid perl -e '$x = "x" x (40 * 1024 * 1024); sleep 60'
`

async function firstEnd(queue: TestQueue, message: object = {}) {
  const id = queue.send(message)
  expect(await queue.settled(id)).toBe('_err')
  return { id, attempt: queue.attempts(id)[0] }
}

describe('a run that is over a limit is ended, and the cause recorded', () => {
  it.each<[cause: string, handler: string, config: object, words: RegExp]>([
    ['timeout', CHATTY, { timeout: '1s', silence: '30s' }, /^timeout: it ran .* s, more than 1 s$/],
    ['silence', QUIET, { silence: '1s', timeout: '50s' }, /^silence: it said nothing for .* more than 1 s$/],
    ['cpu', BUSY, { cpu: '0.5s', timeout: '50s' }, /^cpu: it used .* of CPU time, more than 0.5 s$/],
    [
      'memory',
      FAT,
      { memory: '60M', cgroup: 'never', timeout: '50s' },
      /^memory: it used .* MiB of memory, more than 60 MiB$/,
    ],
  ])('%s', async (cause, handler, config, words) => {
    const queue = testQueue(handler, config)
    const worker = await startWorker(queue.path)
    const { id, attempt } = await firstEnd(queue)
    expect(attempt).toMatchObject({ verdict: 'fail', to: '_err', cause, text: expect.stringMatching(words) })
    await worker.stop()
    expect(queue.events('limit-exceeded')).toMatchObject([{ id, attempt: 1, cause }])
    expect(new Set(queue.events('item-stopping').map(({ cause: why }) => why))).toEqual(new Set([cause]))
    await until(() => processesIn(queue.path).length === 0)
  })

  it('is told by TERM, and killed after term_timeout if it does not mind', async () => {
    const deaf = '#!/bin/sh\ntrap "echo TERM" TERM\nwhile :; do sleep 0.1; done\n'
    const queue = testQueue(deaf, { timeout: '0.5s', term_timeout: '1s' })
    const worker = await startWorker(queue.path)
    const { id, attempt } = await firstEnd(queue)
    expect(attempt).toMatchObject({ cause: 'timeout', verdict: 'fail' })
    expect(queue.log(id)).toContain('TERM')
    await worker.stop()
    expect(queue.events('item-stopping').map(({ signal }) => signal)).toEqual(['SIGTERM', 'SIGKILL'])
  })

  it('is killed when $RQ_TERM_TIMEOUT of the daemon is over, where no file says when', async () => {
    const root = tempRoot()
    const deaf = '#!/bin/sh\ntrap "" TERM\nwhile :; do sleep 0.1; done\n'
    const queue = openQueue(makeQueue(root, 'q', deaf, { timeout: '0.5s' }))
    const daemon = await startDaemon(root, { env: { RQ_TERM_TIMEOUT: '3600' } })
    const id = queue.send({})
    const signals = () => queue.events('item-stopping').map(({ signal }) => signal)
    await until(() => signals().length > 0)
    await daemon.stop('SIGKILL')
    // The next daemon is less patient: had the first been so, too, the item would have ended with it.
    expect([signals(), queue.stateOf(id)]).toEqual([['SIGTERM'], 'run'])
    const second = await startDaemon(root, { env: { RQ_TERM_TIMEOUT: '0.5' } })
    expect(await queue.settled(id)).toBe('_err')
    expect(signals()).toEqual(['SIGTERM', 'SIGTERM', 'SIGKILL'])
    await second.stop()
  })

  it('counts as done if it says so on TERM: its work is not done twice', async () => {
    const tidy = '#!/bin/sh\ntrap "echo done saved >&3; exit 0" TERM\nwhile :; do sleep 0.1; done\n'
    const queue = testQueue(tidy, { timeout: '0.5s', retry: { limit: 5, base: 0 } })
    const worker = await startWorker(queue.path)
    const id = queue.send({})
    expect(await queue.settled(id)).toBe('done')
    expect(queue.attempts(id)).toMatchObject([{ verdict: 'done', cause: 'timeout', exit: 0, text: 'saved' }])
    await worker.stop()
  })
})

describe('limits', { concurrent: true }, () => {
  it('are a word of the message, too', async () => {
    const queue = testQueue('#!/bin/sh\nexec sleep "$RQ_PARAM1"\n', { timeout: '1h' })
    const worker = await startWorker(queue.path)
    const { attempt } = await firstEnd(queue, { param1: '60', policy: { timeout: '0.5s' } })
    expect(attempt).toMatchObject({ cause: 'timeout' })
    await worker.stop()
  })

  it('leave alone what writes now and then', async () => {
    const lines = '#!/bin/sh\nfor i in 1 2 3 4 5; do sleep 0.8; [ $i -lt 4 ] && echo $i || echo "run $i" >&3; done\n'
    const queue = testQueue(lines, { silence: '2s' })
    const worker = await startWorker(queue.path)
    const id = queue.send({})
    expect(await queue.settled(id)).toBe('done')
    await worker.stop()
  })

  it('hold for runs of an earlier worker, from their own start', async () => {
    const queue = testQueue(QUIET, { timeout: '3s' })
    const first = await startWorker(queue.path)
    const id = queue.send({})
    await until(() => existsSync(join(queue.dirOf(id), 'started.1')))
    await first.kill()
    const began = Date.now()
    const second = await startWorker(queue.path)
    expect(await queue.settled(id)).toBe('_err')
    const [attempt] = queue.attempts(id)
    expect(attempt).toMatchObject({ cause: 'timeout', verdict: 'fail' })
    expect(queue.events('item-adopted')).toHaveLength(1)
    expect(Date.parse(attempt?.started ?? '')).toBeLessThan(began)
    await second.stop()
  })

  it('hold though the worker dies between TERM and KILL', async () => {
    const queue = testQueue('#!/bin/sh\ntrap "" TERM\nwhile :; do sleep 0.1; done\n', { timeout: '0.5s' })
    const first = await startWorker(queue.path)
    const id = queue.send({})
    await until(() => existsSync(join(queue.dirOf(id), 'stop.1')))
    expect(readFileSync(join(queue.dirOf(id), 'stop.1'), 'utf8')).toBe('timeout')
    await first.kill()
    const second = await startWorker(queue.path)
    expect(await queue.settled(id)).toBe('_err')
    expect(queue.attempts(id)).toMatchObject([{ cause: 'timeout', verdict: 'fail' }])
    await second.stop()
  })

  it('are a cause for the retry: what was too long runs once more, what failed does not', async () => {
    const script = '#!/bin/sh\n[ "$RQ_PARAM1" = slow ] && exec sleep 60\nexit 1\n'
    const queue = testQueue(script, { timeout: '0.5s', retry: { causes: { timeout: { limit: 1, base: 0 } } } })
    const worker = await startWorker(queue.path)
    const [slow, bad] = [queue.send({ param1: 'slow' }), queue.send({ param1: 'bad' })]
    expect(await queue.settled(slow)).toBe('_err')
    expect(await queue.settled(bad)).toBe('_err')
    expect(queue.attempts(slow).map(({ verdict, cause }) => [verdict, cause])).toEqual([
      ['reschedule', 'timeout'],
      ['fail', 'timeout'],
    ])
    expect(queue.attempts(bad)).toMatchObject([{ verdict: 'fail', exit: 1 }])
    await worker.stop()
  })
})

describe('each attempt records', () => {
  it('the CPU time of its own run, however short', async () => {
    const queue = testQueue('#!/bin/sh\ni=0\nwhile [ $i -lt "$RQ_PARAM1" ]; do i=$((i + 1)); done\n', { slots: 1 })
    const worker = await startWorker(queue.path)
    const long = queue.send({ param1: '300000' })
    expect(await queue.settled(long)).toBe('done')
    const short = queue.send({ param1: '0' })
    expect(await queue.settled(short)).toBe('done')
    const cpu = [long, short].map((id) => queue.attempts(id)[0]?.cpu ?? -1)
    expect(cpu[0]).toBeGreaterThan(0.05)
    expect(cpu[1]).toBeGreaterThanOrEqual(0)
    expect(cpu[1]).toBeLessThan(cpu[0] ?? 0)
    await worker.stop()
  })

  it('the most memory that was seen, and nothing where nobody looked', async () => {
    const fat = `#!/bin/sh\n[ "$RQ_PARAM1" = fat ] && perl -e '$x = "x" x (40 * 1024 * 1024); sleep 3'\nexit 0\n`
    const queue = testQueue(fat)
    const worker = await startWorker(queue.path)
    const [big, small] = [queue.send({ param1: 'fat' }), queue.send({ param1: 'no' })]
    expect(await queue.settled(big)).toBe('done')
    expect(queue.attempts(big)[0]?.max_rss).toBeGreaterThan(40 * 1024 * 1024)
    expect(queue.attempts(small)[0]).not.toHaveProperty('max_rss')
    await worker.stop()
  })
})
