// `rq ls` as a person types it, beside a Node that does nothing.
import { join } from 'node:path'
import { timed } from '../lib/clock.mjs'
import { makeRoot } from '../lib/daemon.mjs'
import { Queue } from '../lib/queue.mjs'
import { ratioRow } from '../lib/rows.mjs'
import { inTurns } from '../lib/turns.mjs'

export async function measure(ctx) {
  const root = makeRoot(ctx, 'ls')
  const queue = new Queue(ctx, root, 'some', { handler: '/bin/true' })
  await queue.fill(10, '')
  const env = { ...process.env, RQ_ROOT: root }
  const { ls, node } = await inTurns(ctx.quick ? 20 : 50, {
    ls: () => 1000 * timed(process.execPath, [join(ctx.bin, 'rq'), 'ls', queue.name], { env }),
    node: () => 1000 * timed(process.execPath, ['-e', '0'], { env }),
  })
  return [
    ratioRow({
      work: 'rq ls, 10 waiting',
      beside: 'node -e 0',
      ours: ls,
      theirs: node,
      unit: 'ms',
      better: 'less',
      floor: 1.5,
    }),
  ]
}
