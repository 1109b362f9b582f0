/** Schedules of real daemons whose clock is really another: nights in which clocks change, and clocks that are set. */
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { skipLoudly } from '../faults/mount.ts'
import { type Daemon, kill, processesIn, startDaemon, tempRoot } from '../helpers/daemon.ts'
import { FAKETIME, type TestClock, testClock } from '../helpers/faketime.ts'
import { workersOf } from '../helpers/rqd.ts'
import { until } from '../helpers/until.ts'
import { type TestQueue, testQueue } from '../helpers/worker.ts'

const isMissing = FAKETIME === undefined && skipLoudly('a clock of its own', 'libfaketime is not installed')

/** Tells by its items that time went on; what comes every second makes the worker look at its clock. */
const WITNESS = { cron: '* * * * * *', overlap: 'queue', catch_up: 'none' } as const

/** Each has a clock, a root and a daemon of its own, and waits for seconds to pass. */
const SIDE_BY_SIDE = { concurrent: true } as const

interface World {
  readonly root: string
  readonly clock: TestClock
  readonly queue: TestQueue
  start(): Promise<Daemon>
  /** The instants of a schedule's items, wherever they are, each as often as there is an item. */
  fired(name: string): string[]
  /** As `start`, and until the worker knows its schedules: what came before that is no business of theirs. */
  startKnown(): Promise<Daemon>
  /** The witness has seen this time, or one later in its minute, and no item of another is left that the next would skip. */
  passed(iso: string): Promise<unknown>
}

function world(begin: string, schedules: Record<string, object>): World {
  const root = tempRoot()
  const clock = testClock(root, begin)
  // Nobody stays without work: every fire needs the supervisor to wake the worker in time.
  writeFileSync(join(root, 'config.json'), '{"warm_workers": 0}')
  // Schedules have their turns in this order: when the witness speaks, the others had theirs.
  const config = { slots: 2, schedules: { ...schedules, witness: schedules['witness'] ?? WITNESS } }
  const queue = testQueue('#!/bin/sh\nexit 0\n', config, 'q', root)
  const fired = (name: string) =>
    ['que', 'run', 'done', '_err', 'pause']
      .flatMap((state) => queue.names(state))
      .filter((id) => id.replace(/\.msg.*/, '').endsWith(`-${name}`))
      .map((id) => id.slice(0, 15))
      .toSorted()
  const othersWait = () =>
    ['que', 'run'].some((state) => queue.names(state).some((raw) => !/-witness(?:[.,]|$)/.test(raw)))
  return {
    root,
    clock,
    queue,
    start: () => startDaemon(root, { env: clock.env }),
    startKnown: async () => {
      const daemon = await startDaemon(root, { env: clock.env })
      await until(() => fired('witness').length > 0, 30_000)
      return daemon
    },
    fired,
    passed: (iso) =>
      until(
        () => fired('witness').some((at) => at.slice(0, 13) === iso.slice(0, 13) && at >= iso) && !othersWait(),
        30_000,
        () => `${iso} in ${fired('witness')}`,
      ),
  }
}

describe.skipIf(isMissing)('a nightly run in Berlin', SIDE_BY_SIDE, () => {
  test('at an hour that is left out comes when the clocks went on', async () => {
    const one = world('2026-03-29T00:50:00Z', { nightly: { cron: '30 2 * * *', tz: 'Europe/Berlin' } })
    const daemon = await one.startKnown()
    one.clock.set('2026-03-29T00:59:57Z')
    await one.passed('20260329T010002')
    expect(one.fired('nightly')).toEqual(['20260329T010000'])
    await daemon.stop()
  })

  test('at an hour that comes twice comes once', async () => {
    const one = world('2026-10-25T00:20:00Z', { nightly: { cron: '30 2 * * *', tz: 'Europe/Berlin' } })
    const daemon = await one.startKnown()
    one.clock.set('2026-10-25T00:29:57Z')
    await one.passed('20261025T003002')
    expect(one.fired('nightly')).toEqual(['20261025T003000'])
    one.clock.set('2026-10-25T01:29:57Z')
    await one.passed('20261025T013002')
    expect(one.fired('nightly')).toEqual(['20261025T003000'])
    await daemon.stop()
  })
})

describe.skipIf(isMissing)('a clock that is set while the daemon runs', SIDE_BY_SIDE, () => {
  test('forward: what was missed is caught up once; back: nothing comes again, and the next in time', async () => {
    const one = world('2026-05-01T08:30:00Z', { hourly: { cron: '0 * * * *', tz: 'UTC' } })
    const daemon = await one.start()
    await one.passed('20260501T083001')
    one.clock.set('2026-05-01T12:30:00Z')
    await one.passed('20260501T123003')
    expect(one.fired('hourly')).toEqual(['20260501T120000'])
    expect(one.queue.events('schedule-fired').filter((event) => event['schedule'] === 'hourly')).toMatchObject([
      { missed: 3 },
    ])

    one.clock.set('2026-05-01T11:59:57Z')
    await one.passed('20260501T120003')
    expect(one.fired('hourly')).toEqual(['20260501T120000'])

    one.clock.set('2026-05-01T12:59:57Z')
    await one.passed('20260501T130003')
    expect(one.fired('hourly')).toEqual(['20260501T120000', '20260501T130000'])
    await daemon.stop()
  })
})

describe.skipIf(isMissing)('a clock that is set while the queue sleeps', SIDE_BY_SIDE, () => {
  test('years back: the supervisor looks again, and wakes the worker for the next instant', async () => {
    const one = world('2031-01-01T08:30:00Z', { hourly: { cron: '0 * * * *', tz: 'UTC' }, witness: { by_hand: true } })
    const daemon = await one.start()
    await until(() => existsSync(join(one.queue.path, '_schedules/hourly.json')) && workersOf(daemon.pid).size === 0)
    // It polls every half minute, and so before the instant; one that comes meanwhile is late, not lost.
    one.clock.set('2026-05-01T08:59:28Z')
    await until(() => one.queue.names('done').length > 0, 90_000)
    expect(one.fired('hourly')).toEqual(['20260501T090000'])
    one.clock.set('2026-05-01T11:30:00Z')
    await until(() => one.queue.names('done').length > 1, 90_000)
    expect(one.fired('hourly')).toEqual(['20260501T090000', '20260501T110000'])
    await daemon.stop()
  }, 200_000)
})

describe.skipIf(isMissing)('a clock that is set while nobody lives', SIDE_BY_SIDE, () => {
  test('years ahead for a moment, and back: the schedule goes on at its next instant', async () => {
    const one = world('2026-05-01T08:50:00Z', { hourly: { cron: '0 * * * *', tz: 'UTC' } })
    const first = await one.startKnown()
    one.clock.set('2026-05-01T08:59:58Z')
    await one.passed('20260501T090001')
    await first.stop()

    one.clock.set('2031-01-01T00:30:00Z')
    const second = await one.start()
    await one.passed('20310101T003003')
    expect(one.fired('hourly')).toEqual(['20260501T090000', '20310101T000000'])
    // As hard as it gets.
    for (const pid of [second.pid, ...processesIn(one.root).filter((pid) => pid !== process.pid)]) kill(pid, 'SIGKILL')
    await second.ended

    one.clock.set('2026-05-01T09:59:56Z')
    const third = await one.start()
    await one.passed('20260501T100002')
    expect(one.fired('hourly')).toEqual(['20260501T090000', '20260501T100000', '20310101T000000'])
    await third.stop()
  })

  test('to 1970 and back, with all to be caught up: nothing comes twice', async () => {
    const one = world('2026-05-01T08:50:00Z', {
      hourly: { cron: '0 * * * *', tz: 'UTC', catch_up: 'all', overlap: 'queue' },
    })
    const first = await one.startKnown()
    one.clock.set('2026-05-01T08:59:58Z')
    await one.passed('20260501T090001')
    await first.stop()
    one.clock.set('1970-01-03T00:30:00Z')
    const second = await one.start()
    await one.passed('19700103T003003')
    await second.stop()
    one.clock.set('2026-05-01T11:30:00Z')
    const third = await one.start()
    await one.passed('20260501T113002')
    expect(one.fired('hourly')).toEqual(['20260501T090000', '20260501T100000', '20260501T110000'])
    await third.stop()
  })
})
