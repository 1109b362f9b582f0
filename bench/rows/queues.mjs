// A thousand queues without work: how many workers stay, what they cost, and how soon a drop anywhere runs.
import { sleep, until } from '../lib/clock.mjs'
import { Daemon, makeRoot } from '../lib/daemon.mjs'
import { Queue, stage } from '../lib/queue.mjs'
import { limitRow } from '../lib/rows.mjs'
import { clearStamps, latencies, readStamps } from '../lib/stamps.mjs'

const QUEUES = 1000
// Workers are started one after the other; between two of them all may be quiet.
const LATE_MS = 10_000

export async function measure(ctx) {
  const root = makeRoot(ctx, 'queues')
  const queues = Array.from({ length: QUEUES }, (_, i) => new Queue(ctx, root, `q${i}`, { handler: ctx.tools.stamp }))
  const daemon = new Daemon(ctx, root)
  await daemon.settled(120_000)
  await sleep(LATE_MS)

  const workers = daemon.workers().length
  const cpu = []
  for (let round = 0; round < ctx.rounds; round += 1) cpu.push((await daemon.cpuShare(ctx.quick ? 5000 : 10_000)) * 100)
  const firsts = []
  for (const queue of spreadOut(queues, ctx.quick ? 8 : 20)) firsts.push(await firstDrop(ctx, queue))
  await daemon.settled(120_000)
  const workersAfter = daemon.workers().length
  await daemon.stop()

  const work = `${QUEUES} queues, none with work`
  return [
    limitRow({ work: `${work}: workers`, ours: [workers], unit: 'workers', floor: 16, goal: 16 }),
    limitRow({
      work: `${work}: workers, after drops in ${firsts.length}`,
      ours: [workersAfter],
      unit: 'workers',
      floor: 16,
      goal: 16,
    }),
    limitRow({ work: `${work}: CPU`, ours: cpu, unit: '%', floor: 1, goal: 0.3 }),
    limitRow({
      work: `${work}: first drop runs after, worst of ${firsts.length}`,
      ours: [Math.max(...firsts)],
      unit: 's',
      floor: 1,
      goal: 0.4,
    }),
    limitRow({ work: `${work}: first drop runs after`, ours: firsts, unit: 's' }),
  ]
}

/** From all over the list: the few with a worker and the many without. */
function spreadOut(queues, count) {
  return Array.from({ length: count }, (_, i) => queues[Math.floor(((i + 0.5) * queues.length) / count)])
}

async function firstDrop(ctx, queue) {
  clearStamps(ctx.tools)
  const moved = await queue.drop(await stage(ctx, 1))
  const [ms] = await until(`the drop in ${queue.name}`, 60_000, () => latencies(moved, readStamps(ctx.tools)))
  // A drop into a daemon that is busy with the one before would be another measurement.
  await sleep(500)
  return ms / 1000
}
