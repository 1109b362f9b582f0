// A queue that uses no policy, beside the same one before there were any: what is not used should cost nothing.
import { Daemon, makeRoot } from '../lib/daemon.mjs'
import { buildEarlier } from '../lib/earlier.mjs'
import { endToEnd, Queue } from '../lib/queue.mjs'
import { ratioRow } from '../lib/rows.mjs'
import { inTurns } from '../lib/turns.mjs'

export async function measure(ctx) {
  const count = ctx.quick ? 1000 : 3000
  const today = makeQueue(ctx, 'today')
  const past = makeQueue(ctx, 'past')
  const daemons = [new Daemon(ctx, today.root), new Daemon({ ...ctx, bin: buildEarlier(ctx, ctx.earlier) }, past.root)]
  await daemons[0].warmUp(today.two, today.eight)
  await daemons[1].warmUp(past.two, past.eight)
  const rates = await inTurns(ctx.rounds, {
    today2: () => endToEnd(ctx, today.two, count),
    past2: () => endToEnd(ctx, past.two, count),
    today8: () => endToEnd(ctx, today.eight, count),
    past8: () => endToEnd(ctx, past.eight, count),
  })
  for (const daemon of daemons) await daemon.stop()
  const row = { beside: `itself at ${ctx.earlier}`, unit: '/s', better: 'more', floor: 0.95, goal: 1 }
  return [
    ratioRow({ work: `${count} no-op items, 2 slots, no policy`, ours: rates.today2, theirs: rates.past2, ...row }),
    ratioRow({ work: `${count} no-op items, 8 slots, no policy`, ours: rates.today8, theirs: rates.past8, ...row }),
  ]
}

function makeQueue(ctx, name) {
  const root = makeRoot(ctx, name)
  const queue = (slots) => new Queue(ctx, root, `of${slots}`, { handler: '/bin/true', slots })
  return { root, two: queue(2), eight: queue(8) }
}
