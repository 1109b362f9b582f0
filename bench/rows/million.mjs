// A million waiting: from `rqd start` to the first handler's main(), and what the worker's memory grows by.
// The handlers stay, so that their items keep the slots and all others keep waiting.
import { timed, until } from '../lib/clock.mjs'
import { Daemon, makeRoot } from '../lib/daemon.mjs'
import { memory } from '../lib/proc.mjs'
import { Queue } from '../lib/queue.mjs'
import { limitRow } from '../lib/rows.mjs'
import { clearStamps, readStamps } from '../lib/stamps.mjs'
import { inTurns } from '../lib/turns.mjs'

const MANY = 1_000_000
const FEW = 10

export async function measure(ctx) {
  const many = await makeBacklog(ctx, 'many', MANY)
  const few = await makeBacklog(ctx, 'few', FEW)
  const results = await inTurns(ctx.rounds, {
    node: () => timed(process.execPath, ['-e', '0']),
    few: () => startOnce(ctx, few),
    many: () => startOnce(ctx, many),
  })
  const beyondNode = (rounds) => rounds.map(({ seconds }, i) => seconds - results.node[i])
  const growth = (kind) => results.many.map((round, i) => round[kind] - results.few[i][kind])
  const million = MANY.toLocaleString('en-US')
  return [
    limitRow({
      work: `${million} waiting: start -> first item, less a bare Node's start`,
      beside: 'node -e 0',
      ours: beyondNode(results.many),
      theirs: results.node,
      unit: 's',
      floor: 1,
      goal: 0.1,
    }),
    limitRow({
      work: `the same with ${FEW} waiting`,
      beside: 'node -e 0',
      ours: beyondNode(results.few),
      theirs: results.node,
      unit: 's',
    }),
    limitRow({
      work: `${million} waiting: growth of the worker's peak memory`,
      beside: `itself with ${FEW}`,
      ours: growth('peak'),
      theirs: results.few.map(({ peak }) => peak),
      unit: 'MB',
      floor: 60,
      goal: 20,
    }),
    limitRow({
      work: `${million} waiting: growth of its memory once at rest`,
      beside: `itself with ${FEW}`,
      ours: growth('rss'),
      theirs: results.few.map(({ rss }) => rss),
      unit: 'MB',
    }),
  ]
}

async function makeBacklog(ctx, name, waiting) {
  const root = makeRoot(ctx, name)
  const queue = new Queue(ctx, root, 'backlog', { handler: ctx.tools.hold, slots: 2 })
  await queue.fill(waiting, '')
  ctx.place.sync()
  return { root, queue }
}

async function startOnce(ctx, { root, queue }) {
  clearStamps(ctx.tools)
  const daemon = new Daemon(ctx, root)
  const first = await until('the first item', 60_000, () => {
    daemon.assertAlive()
    return readStamps(ctx.tools)[0]
  })
  await daemon.settled()
  const { peak, rss } = memory(await daemon.workerOf(queue))
  await daemon.stop()
  return { seconds: (first.ns - daemon.startedAt) / 1e9, peak, rss }
}
