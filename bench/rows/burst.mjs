// Drops while the worker is stopped: more events than the kernel keeps, so that only a scan finds the rest.
import { now, sleep, until } from '../lib/clock.mjs'
import { Daemon, makeRoot } from '../lib/daemon.mjs'
import { Queue, stage } from '../lib/queue.mjs'
import { limitRow } from '../lib/rows.mjs'
import { clearStamps, readStamps } from '../lib/stamps.mjs'

const STOPPED_MS = 2000

export async function measure(ctx) {
  // The kernel keeps 16,384 events by default.
  const count = ctx.quick ? 20_000 : 40_000
  const queue = new Queue(ctx, makeRoot(ctx, 'burst'), 'burst', { handler: ctx.tools.stamp, slots: 8 })
  const daemon = new Daemon(ctx, `${ctx.place.dir}/burst`)
  await daemon.wake(queue)
  clearStamps(ctx.tools)
  const result = await burst(ctx, daemon, queue, count)
  await daemon.stop()

  const work = `${count} drops while the worker stands still for 2 s`
  return [
    limitRow({ work: `${work}: missed`, ours: [result.missed], unit: 'items', floor: 0, goal: 0 }),
    limitRow({ work: `${work}: run twice`, ours: [result.twice], unit: 'items', floor: 0, goal: 0 }),
    limitRow({
      work: `${work}: the last, of best priority, starts after`,
      ours: [result.seconds],
      unit: 's',
      goal: 2,
    }),
  ]
}

async function burst(ctx, daemon, queue, count) {
  const ordinary = await stage(ctx, count - 1)
  const last = await stage(ctx, 1, ',p0')
  const before = queue.countDone()
  const worker = await daemon.workerOf(queue)

  process.kill(worker, 'SIGSTOP')
  const stopped = now()
  await queue.drop(ordinary)
  // Its event is lost: the queue of events is full. That it runs shows that the directory has been listed.
  const urgent = (await queue.drop(last)).trim().split(' ')[1].replace(',p0', '')
  await sleep(Math.max(0, STOPPED_MS - (now() - stopped) / 1e6))
  process.kill(worker, 'SIGCONT')
  const resumed = now()

  const found = await until('the last item', 60_000, () => readStamps(ctx.tools).find(({ id }) => id === urgent), 50)
  await until('an empty queue', 300_000, () => (queue.isEmpty('que') && queue.isEmpty('run') ? true : undefined), 100)
  queue.assertNoneFailed()
  const stamps = readStamps(ctx.tools)
  const distinct = new Set(stamps.map(({ id }) => id)).size
  const done = queue.countDone() - before
  return {
    seconds: (found.ns - resumed) / 1e9,
    missed: count - Math.min(distinct, done),
    twice: stamps.length - distinct,
  }
}
