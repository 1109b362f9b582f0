// From just before the rename of an item with an id into que/ to the first instruction of its handler's main().
import { spawn } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { onExit } from '../lib/cleanup.mjs'
import { run, sleep, until } from '../lib/clock.mjs'
import { Daemon, makeRoot } from '../lib/daemon.mjs'
import { Queue, stage } from '../lib/queue.mjs'
import { ratioRow } from '../lib/rows.mjs'
import { clearStamps, latencies, readStamps } from '../lib/stamps.mjs'
import { quantile } from '../lib/stats.mjs'
import { inTurns } from '../lib/turns.mjs'

const INTERVAL_US = 8000
const PAUSE_NOTICED_MS = 300
// A worse priority, and due in the year 2100: with a slot free, nothing else keeps an item waiting.
const WAITING = ',p9,t4102444800'
const BACKLOGS = { ten: 10, many: 100_000, million: 1_000_000 }

export async function measure(ctx) {
  const drops = ctx.quick ? 200 : 400
  const root = makeRoot(ctx, 'latency')
  const queues = {}
  for (const [name, waiting] of Object.entries(BACKLOGS)) {
    queues[name] = new Queue(ctx, root, name, { handler: ctx.tools.stamp, slots: 2 })
    await queues[name].fill(waiting, WAITING)
  }
  const busy = new Queue(ctx, root, 'busy', { handler: ctx.tools.stamp, slots: 2 })
  const daemon = new Daemon(ctx, root)
  await daemon.warmUp(...Object.values(queues), busy)
  await pause(busy)
  await busy.fill(100_000, ',p9')
  const least = await startLeast(ctx)

  const results = await inTurns(ctx.rounds, {
    least: () => paced(ctx, drops, (staged) => run(ctx.tools['move-items'], staged, least.dir, String(INTERVAL_US))),
    ten: () => paced(ctx, drops, (staged) => queues.ten.drop(staged, INTERVAL_US)),
    many: () => paced(ctx, drops, (staged) => queues.many.drop(staged, INTERVAL_US)),
    million: () => paced(ctx, drops, (staged) => queues.million.drop(staged, INTERVAL_US)),
    busy: () => paced(ctx, drops, (staged) => dropIntoBusy(busy, staged)),
  })
  least.stop()
  await daemon.stop()
  return toRows(results)
}

/** The least that can be done: inotify and posix_spawn, in C. */
async function startLeast(ctx) {
  const dir = join(ctx.place.dir, 'least')
  mkdirSync(dir)
  const child = spawn(ctx.tools['inotify-spawn'], [dir, ctx.tools.stamp], { stdio: ['ignore', 'pipe', 'inherit'] })
  const stop = onExit(() => child.kill('SIGKILL'))
  await new Promise((resolve) => child.stdout.once('data', resolve))
  return { dir, stop }
}

async function paced(ctx, drops, move) {
  clearStamps(ctx.tools)
  const staged = await stage(ctx, drops)
  ctx.place.sync()
  const moved = await move(staged)
  const times = await until(`${drops} drops to run`, 10_000, () => latencies(moved, readStamps(ctx.tools)), 50)
  // What is still being settled is not to run into the next one's turn.
  await sleep(500)
  return { p50: quantile(times, 0.5), p99: quantile(times, 0.99) }
}

/** Others of worse priority are being run all the while: what is dropped also waits for a slot to become free. */
async function dropIntoBusy(queue, staged) {
  await resume(queue)
  const moved = await queue.drop(staged, INTERVAL_US)
  await sleep(PAUSE_NOTICED_MS)
  await pause(queue)
  return moved
}

async function pause(queue) {
  writeFileSync(join(queue.dir, '_paused'), '')
  await sleep(PAUSE_NOTICED_MS)
}

async function resume(queue) {
  rmSync(join(queue.dir, '_paused'))
  await sleep(PAUSE_NOTICED_MS)
}

function toRows(results) {
  const row = (work, beside, ours, theirs, at, floor, goal) =>
    ratioRow({
      work: `${work}: ${at}`,
      beside,
      ours: ours.map((round) => round[at]),
      theirs: theirs.map((round) => round[at]),
      unit: 'ms',
      better: 'less',
      floor,
      goal,
    })
  const { least, ten, many, million, busy } = results
  const C = 'C inotify + posix_spawn'
  return [
    row('rename -> main(), 10 waiting', C, ten, least, 'p50', 1.7, 1.3),
    row('rename -> main(), 10 waiting', C, ten, least, 'p99', 3, 2),
    row('the same, 100,000 waiting', 'itself with 10', many, ten, 'p50', 1.3, 1.1),
    row('the same, 100,000 waiting', 'itself with 10', many, ten, 'p99', 1.3, 1.1),
    row('the same, 1,000,000 waiting', 'itself with 10', million, ten, 'p50', 1.3, 1.1),
    row('the same, 1,000,000 waiting', 'itself with 10', million, ten, 'p99', 1.3, 1.1),
    row('the same, 100,000 being run at 2 slots', 'itself with 10', busy, ten, 'p50'),
    row('the same, 100,000 being run at 2 slots', 'itself with 10', busy, ten, 'p99'),
  ]
}
