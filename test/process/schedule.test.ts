/** Items that come by themselves, from real workers and daemons: once each, whoever dies and whenever. */
import { mkdirSync, readFileSync, renameSync, rmSync, watch, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { kill, makeQueue, startDaemon, tempRoot } from '../helpers/daemon.ts'
import { rq } from '../helpers/rq.ts'
import { workersOf } from '../helpers/rqd.ts'
import { until } from '../helpers/until.ts'
import { openQueue, startWorker, type TestQueue, testQueue } from '../helpers/worker.ts'

const EACH_SECOND = { cron: '* * * * * *' } as const
const OK = '#!/bin/sh\nexit 0\n'
/** Runs until the file `go` lies in its queue, or until it is told to stop. */
const WAITS = '#!/bin/sh\nuntil [ -e ../../../go ]; do sleep 0.1; done\n'

const stateFile = (queue: TestQueue, name = 's') => join(queue.path, '_schedules', `${name}.json`)
const events = (queue: TestQueue, kind: 'fired' | 'skipped', name = 's') =>
  queue.events(`schedule-${kind}`).filter((event) => event['schedule'] === name)

/** The ids of a schedule's items in these states, one for each item that lies there. */
function items(queue: TestQueue, name = 's', states = ['que', 'run', 'pause', 'done', '_err', 'relayed']): string[] {
  return states
    .flatMap((state) => queue.names(state))
    .map((raw) => raw.split(',')[0]?.replace(/\.msg$/, '') ?? '')
    .filter((id) => id.endsWith(`-${name}`))
    .toSorted()
}

/** Each has a worker of its own, and waits for seconds to pass. */
const SIDE_BY_SIDE = { concurrent: true } as const

describe('a fire', SIDE_BY_SIDE, () => {
  test('is a message that says for which instant it is, with what the configuration says', async () => {
    const own = { param1: 'x', params: { deep: [1] }, priority: 2, tags: ['night'], dest: 'there' }
    const queue = testQueue(OK, { schedules: { s: { ...EACH_SECOND, ...own } } })
    const worker = await startWorker(queue.path)
    const id = await until(() => items(queue, 's', ['done'])[0])
    const { param1, params, dest, src, ...msg } = queue.msg(id)
    expect({ param1, params, dest, src }).toEqual({
      param1: 'x',
      params: { deep: [1] },
      dest: 'there',
      src: 'schedule/s',
    })
    expect(msg['scheduled']).toEqual({ name: 's', at: expect.stringMatching(/^2.*:\d\d\.000Z$/) })
    expect(queue.dirOf(id)).toMatch(/,p2,\+night$/)
    await worker.stop()
  })

  test('may be refused by the hook enqueue, which is asked with the message; then the instant is skipped', async () => {
    const queue = testQueue(OK, { schedules: { s: { ...EACH_SECOND, param1: 'x' } } })
    mkdirSync(join(queue.path, 'hooks'))
    const hook = '#!/bin/sh\ncat >>asked\n[ -e open ] || { echo closed >&2; exit 1; }\n'
    writeFileSync(join(queue.path, 'hooks/enqueue'), hook, { mode: 0o755 })
    const worker = await startWorker(queue.path)
    await until(() => events(queue, 'skipped').length > 0)
    expect(events(queue, 'skipped')[0]).toMatchObject({ why: 'refused', count: 1 })
    expect(readFileSync(join(queue.path, 'asked'), 'utf8')).toMatch(/^\{"param1":"x".*"scheduled":\{"name":"s"/)
    expect(queue.events('hook-failed')[0]).toMatchObject({ problem: 'schedule s: hook enqueue: closed' })
    expect(items(queue)).toEqual([])
    writeFileSync(join(queue.path, 'open'), '')
    await until(() => items(queue, 's', ['done']).length > 0)
    await worker.stop()
  })

  test('with a spread waits for its own offset', async () => {
    const queue = testQueue(OK, { schedules: { s: { ...EACH_SECOND, spread: '30d' } } })
    const worker = await startWorker(queue.path)
    const raw = await until(() => queue.names('que')[0])
    expect(Number(/,t(\d+)/.exec(raw)?.[1]) * 1000).toBeGreaterThan(Date.now())
    await worker.stop()
  })

  test('that was published by a worker that died before it wrote that down is not published again', async () => {
    const queue = testQueue(OK, { schedules: { s: { ...EACH_SECOND, overlap: 'queue', catch_up: 'all' } } })
    const begun = await startWorker(queue.path)
    const before = await until(() => (events(queue, 'fired').length === 1 ? readFileSync(stateFile(queue)) : undefined))
    await until(() => items(queue, 's', ['done']).length >= 5)
    await begun.kill()
    // One in each place where it may be by then, the last under another name.
    const [, first, second, third, removed = ''] = items(queue, 's', ['done'])
    renameSync(queue.dirOf(first ?? ''), join(queue.path, '_err', first ?? ''))
    renameSync(queue.dirOf(second ?? ''), join(queue.path, 'pause', second ?? ''))
    renameSync(queue.dirOf(third ?? ''), join(queue.path, 'que', `${third},p7,t99999999999`))
    expect(await rq(join(queue.path, '../..'), ['rm', removed])).toMatchObject({ code: 0 })
    writeFileSync(stateFile(queue), before)
    const fired = events(queue, 'fired').length

    const worker = await startWorker(queue.path)
    await until(() => events(queue, 'fired').length > fired)
    // What moves while its places are listed is seen in two of them, or in none.
    await worker.stop()
    const ids = items(queue)
    expect(ids).toEqual([...new Set(ids)])
    expect(ids).not.toContain(removed)
  })

  test('happens once, however often its worker is killed', async () => {
    const queue = testQueue(OK, { schedules: { s: { ...EACH_SECOND, overlap: 'queue', catch_up: 'all' } } })
    const began = Date.now()
    for (let kills = 0; kills < 12; kills += 1) {
      const worker = await startWorker(queue.path)
      // At the sight of its item, which it has had no time to write down; or about the instant.
      if (kills % 3 < 2) {
        const watcher = watch(join(queue.path, 'que'), (_, name) => {
          if (name?.endsWith('-s.msg')) kill(worker.pid, 'SIGKILL')
        })
        await worker.ended
        watcher.close()
      } else {
        await new Promise((resolve) => setTimeout(resolve, 1000 - (Date.now() % 1000) + kills * 2))
        await worker.kill()
      }
    }
    const last = await startWorker(queue.path)
    const fresh = (event: Record<string, unknown>) => Date.parse(String(event['time'])) > Date.now() - 900
    const newest = await until(() => events(queue, 'fired').findLast(fresh))
    await until(() => queue.names('que').length === 0 && queue.names('run').length === 0)
    await last.stop()
    const ids = items(queue)
    expect(ids).toEqual([...new Set(ids)])
    // And none is missing: the worker was never gone for more than a moment.
    const seconds = (Date.parse(String(newest['at'])) - Math.ceil(began / 1000) * 1000) / 1000
    expect(ids.length).toBeGreaterThanOrEqual(seconds - 2)
  }, 90_000)
})

test('what the disk refuses is fired when it takes it, each instant once', async () => {
  const queue = testQueue(OK, { schedules: { s: { ...EACH_SECOND, overlap: 'queue', catch_up: 'all' } } })
  const worker = await startWorker(queue.path)
  await until(() => events(queue, 'fired').length >= 1)
  renameSync(join(queue.path, 'prep'), join(queue.path, 'prep.gone'))
  await until(() => queue.events('disk-trouble').length >= 2)
  const refused = items(queue)
  renameSync(join(queue.path, 'prep.gone'), join(queue.path, 'prep'))
  await until(() => items(queue).length >= refused.length + 3)
  await worker.stop()
  const ids = items(queue)
  expect(ids).toEqual([...new Set(ids)])
  const seconds = ids.map(
    (id) => Number(id.slice(9, 11)) * 3600 + Number(id.slice(11, 13)) * 60 + Number(id.slice(13, 15)),
  )
  expect((seconds.at(-1) ?? 0) - (seconds[0] ?? 0)).toBe(ids.length - 1)
})

describe('while the item of the last fire runs', SIDE_BY_SIDE, () => {
  test('with overlap skip nothing is fired, and the reason is told', async () => {
    const queue = testQueue(WAITS, { slots: 3, schedules: { s: EACH_SECOND } })
    const worker = await startWorker(queue.path)
    await until(() => events(queue, 'skipped').length >= 2)
    expect(items(queue)).toHaveLength(1)
    expect(events(queue, 'skipped')[0]).toMatchObject({ why: 'overlap', count: 1 })
    writeFileSync(join(queue.path, 'go'), '')
    await until(() => items(queue).length > 1)
    await worker.stop()
  })
  test('with overlap replace it is canceled, and what waits goes to the trash', async () => {
    const queue = testQueue(WAITS, { slots: 1, schedules: { s: { ...EACH_SECOND, overlap: 'replace' } } })
    const worker = await startWorker(queue.path)
    const first = await until(() => items(queue, 's', ['run'])[0])
    expect(await queue.settled(first)).toBe('_err')
    expect(queue.attempts(first)).toMatchObject([{ cause: 'cancel' }])
    await worker.stop()

    const paused = testQueue(OK, { schedules: { s: { ...EACH_SECOND, overlap: 'replace' } } })
    writeFileSync(join(paused.path, '_paused'), '')
    const other = await startWorker(paused.path)
    await until(() => events(paused, 'fired').length >= 3)
    await until(() => paused.names('_trash').length > 0)
    expect(paused.names('que').length).toBeLessThanOrEqual(2)
    await other.stop()
  })
})

test('a queue that is down skips and says so; a paused one lets its items wait; a paused schedule skips', async () => {
  const queue = testQueue(OK, { schedules: { s: { ...EACH_SECOND, overlap: 'queue' } } })
  writeFileSync(join(queue.path, '_down'), '')
  const worker = await startWorker(queue.path)
  await until(() => events(queue, 'skipped').some((event) => event['why'] === 'down'))
  expect(items(queue)).toEqual([])
  writeFileSync(join(queue.path, '_paused'), '')
  rmSync(join(queue.path, '_down'))
  await until(() => queue.names('que').length >= 2)
  writeFileSync(join(queue.path, '_schedules/s.paused'), '')
  await until(() => events(queue, 'skipped').some((event) => event['why'] === 'paused'))
  await worker.stop()
})

describe('a queue without a worker', SIDE_BY_SIDE, () => {
  test('that gets schedules while it sleeps is woken for them, and so is one that inherits them from the root', async () => {
    const root = tempRoot()
    writeFileSync(join(root, 'config.json'), '{"warm_workers": 0}')
    const queue = openQueue(makeQueue(root, 'a', OK))
    const heir = openQueue(makeQueue(root, 'b', OK))
    const daemon = await startDaemon(root)
    await until(() => workersOf(daemon.pid).size === 0)
    writeFileSync(join(queue.path, 'config.json'), JSON.stringify({ schedules: { s: EACH_SECOND } }))
    await until(() => items(queue, 's', ['done']).length >= 2)
    expect(items(heir)).toEqual([])
    const inherited = { warm_workers: 0, queue: { schedules: { s: { by_hand: true }, root: EACH_SECOND } } }
    writeFileSync(join(root, 'config.json'), JSON.stringify(inherited))
    await until(() => items(heir, 'root', ['done']).length >= 2)
    await until(() => items(queue, 'root', ['done']).length >= 1)
    await daemon.stop()
  })

  test('whose fields come every second has each second once', async () => {
    const root = tempRoot()
    writeFileSync(join(root, 'config.json'), '{"warm_workers": 0}')
    const queue = testQueue(OK, { schedules: { s: { ...EACH_SECOND, overlap: 'queue' } } }, 'q', root)
    const daemon = await startDaemon(root)
    const ids = await until(
      () => (items(queue, 's', ['done']).length >= 8 ? items(queue, 's', ['done']) : undefined),
      40_000,
    )
    const seconds = ids.map(
      (id) => Date.parse(id.replace(/^(....)(..)(..)T(..)(..)(..).*/, '$1-$2-$3T$4:$5:$6Z')) / 1000,
    )
    expect(seconds.slice(1).map((second, index) => second - (seconds[index] ?? 0))).toEqual(
      seconds.slice(1).map(() => 1),
    )
    await daemon.stop()
  })
})

describe('rq schedule, while no daemon runs', () => {
  const config = {
    schedules: {
      nightly: { cron: '0 2 * * *', tz: 'Europe/Berlin', description: 'the big one' },
      poll: { every: '15m' },
      hand: { by_hand: true, param1: 'a', params: { x: 1, y: 2 } },
    },
  }

  test('ls says when in words, and what comes next', async () => {
    const queue = testQueue(OK, config)
    const root = join(queue.path, '../..')
    const said = await rq(root, ['schedule', 'ls'])
    expect(said).toMatchObject({ code: 0, stderr: '' })
    expect(said.lines[1]).toMatch(
      /^q +nightly +At 02:00 +in (\d+h )?\d+[hms].*, \w{3} 02:00 Europe\/Berlin +the big one$/,
    )
    expect(said.lines[2]).toMatch(/^q +poll +every 15m +in (\d+m )?\d+s, \w{3} \d\d:\d\d/)
    expect(said.lines[3]).toMatch(/^q +hand +by hand$/)
    const rows = (await rq(root, ['schedule', 'ls', 'q', '--json', '--next', '2'])).lines.map((line) =>
      JSON.parse(line),
    )
    expect(rows[0]).toMatchObject({ name: 'nightly', tz: 'Europe/Berlin', last: null, skipped: null, paused: false })
    expect(rows[0].next).toHaveLength(2)
    expect(rows[2].params).toEqual({ param1: 'a', params: { x: 1, y: 2 } })
  })

  test('run makes an item at once, with other parameters, and not beside one that waits', async () => {
    const queue = testQueue(OK, config)
    const root = join(queue.path, '../..')
    const first = await rq(root, ['schedule', 'run', 'q', 'hand', '--param', 'y=3', '--param2', 'b'])
    expect(first).toMatchObject({ code: 0, stderr: '' })
    const [raw] = queue.names('que')
    expect(raw).toBe(`${first.lines[0]}.msg`)
    expect(JSON.parse(readFileSync(join(queue.path, 'que', raw ?? ''), 'utf8'))).toEqual({
      param1: 'a',
      param2: 'b',
      params: { x: 1, y: '3' },
      src: 'schedule/hand',
      scheduled: { name: 'hand', by_hand: true },
    })
    const second = await rq(root, ['schedule', 'run', 'q', 'hand'])
    expect(second).toMatchObject({ code: 75, stdout: '' })
    expect(second.stderr).toContain(`${first.lines[0]}, of its last run, waits or runs`)
    expect(await rq(root, ['schedule', 'run', 'q', 'hand', '--force'])).toMatchObject({ code: 0 })
    expect(queue.names('que')).toHaveLength(2)
  })

  test('what runs by hand keeps the next fire out as well', async () => {
    const queue = testQueue(WAITS, { slots: 3, schedules: { s: { cron: '*/2 * * * * *' } } })
    const root = join(queue.path, '../..')
    const { lines } = await rq(root, ['schedule', 'run', 'q', 's'])
    const worker = await startWorker(queue.path)
    await until(() => events(queue, 'skipped').length >= 1)
    expect(items(queue)).toEqual(lines)
    await worker.stop()
  })

  test('pause and resume are a touch and a rm', async () => {
    const queue = testQueue(OK, config)
    const root = join(queue.path, '../..')
    const pause = await rq(root, ['schedule', 'pause', 'q', 'poll'])
    expect(pause).toMatchObject({ code: 0, stdout: 'q: poll paused\n' })
    expect(queue.names('_schedules')).toEqual(['poll.paused'])
    expect((await rq(root, ['schedule', 'ls'])).lines[2]).toMatch(/ paused$/)
    expect(await rq(root, ['schedule', 'resume', 'q', 'poll'])).toMatchObject({ code: 0, stdout: 'q: poll resumed\n' })
    expect(queue.names('_schedules')).toEqual([])
  })

  test('what is not there is named, with what was probably meant', async () => {
    const queue = testQueue(OK, config)
    const root = join(queue.path, '../..')
    const [unknown, action, missing] = [
      await rq(root, ['schedule', 'run', 'q', 'nigthly']),
      await rq(root, ['schedule', 'pasue', 'q', 'poll']),
      await rq(root, ['schedule', 'pause', 'q']),
    ]
    expect(unknown).toMatchObject({
      code: 66,
      stderr: 'rq: queue q has no schedule "nigthly": did you mean "nightly"?\n',
    })
    expect(action.code).toBe(2)
    expect(action.stderr).toContain('did you mean pause?')
    expect(missing).toMatchObject({ code: 2, stderr: 'rq: it is `rq schedule pause QUEUE NAME`\n' })
  })
})
