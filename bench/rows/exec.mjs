// No-op items, end to end: from the first rename into que/ until done/ holds the last.
import { openSync } from 'node:fs'
import { run, timed } from '../lib/clock.mjs'
import { Daemon, makeRoot } from '../lib/daemon.mjs'
import { memory } from '../lib/proc.mjs'
import { endToEnd, Queue, stage } from '../lib/queue.mjs'
import { ratioRow } from '../lib/rows.mjs'
import { besideNode } from '../lib/tools.mjs'
import { inTurns } from '../lib/turns.mjs'

const NO_OP = '/bin/true'
const BALLAST_MB = 500

export async function measure(ctx) {
  const count = ctx.quick ? 2000 : 5000
  const plain = await startPlain(ctx)
  const heavy = await startHeavy(ctx)
  const files = await stage(ctx, count)

  const rates = await inTurns(ctx.rounds, {
    slots2: () => endToEnd(ctx, plain.two, count),
    xargs: () => xargs(files, count),
    slots8: () => endToEnd(ctx, plain.eight, count),
    spawn8: () => count / timed(ctx.tools['spawn-loop'], [String(count), '8', NO_OP]),
    ballast: () => endToEnd(ctx, heavy.eight, count),
    execa: () => execaLoop(ctx.quick ? 500 : 2500),
    // The way execa is used in most programs; for information only.
    execaPlain: () => execaLoop(ctx.quick ? 250 : 1000, 'plain'),
  })
  await plain.daemon.stop()
  await heavy.daemon.stop()
  return toRows(count, rates)
}

async function startPlain(ctx) {
  const root = makeRoot(ctx, 'plain')
  const two = new Queue(ctx, root, 'two', { handler: NO_OP, slots: 2 })
  const eight = new Queue(ctx, root, 'eight', { handler: NO_OP, slots: 8 })
  const daemon = new Daemon(ctx, root)
  await daemon.warmUp(two, eight)
  return { daemon, two, eight }
}

async function startHeavy(ctx) {
  const root = makeRoot(ctx, 'heavy')
  const eight = new Queue(ctx, root, 'eight', { handler: NO_OP, slots: 8 })
  const daemon = new Daemon(ctx, root, { NODE_OPTIONS: `--require "${besideNode('ballast.cjs')}"` })
  await daemon.warmUp(eight)
  const { rss } = memory(await daemon.workerOf(eight))
  if (rss < BALLAST_MB) throw new Error(`the ballast did not reach the worker: it holds ${Math.round(rss)} MB`)
  return { daemon, eight }
}

function xargs(files, count) {
  const nothing = openSync('/dev/null', 'r')
  const script = `find "$0" -type f -print0 | xargs -0 -n1 -P2 ${NO_OP}`
  return count / timed('sh', ['-c', script, files], { stdio: [nothing, 'ignore', 'ignore'] })
}

async function execaLoop(count, ...style) {
  const seconds = await run(process.execPath, besideNode('execa-loop.mjs'), String(count), '8', NO_OP, ...style)
  return count / Number(seconds)
}

function toRows(count, rates) {
  const rate = { unit: '/s', better: 'more' }
  const eight = { work: `${count} no-op items, 8 slots`, ours: rates.slots8, ...rate }
  return [
    ratioRow({
      work: `${count} no-op items, 2 slots`,
      beside: 'xargs -n1 -P2',
      ours: rates.slots2,
      theirs: rates.xargs,
      floor: 0.7,
      goal: 0.95,
      ...rate,
    }),
    ratioRow({ ...eight, beside: 'C posix_spawn, 8 in flight', theirs: rates.spawn8, floor: 0.6, goal: 0.9 }),
    ratioRow({ ...eight, beside: 'execa at its cheapest, 8 in flight', theirs: rates.execa, floor: 3, goal: 4 }),
    ratioRow({ ...eight, beside: 'execa as it comes, 8 in flight', theirs: rates.execaPlain }),
    ratioRow({
      work: `the same, worker holding ${BALLAST_MB} MB`,
      beside: 'itself without',
      ours: rates.ballast,
      theirs: rates.slots8,
      floor: 0.85,
      goal: 0.95,
      ...rate,
    }),
  ]
}
