// `rq inject` of many files in one call: it returns when all are durable. The daemon is down: nothing runs them.
import { mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { timed } from '../lib/clock.mjs'
import { makeRoot } from '../lib/daemon.mjs'
import { Queue, stage } from '../lib/queue.mjs'
import { ratioRow } from '../lib/rows.mjs'
import { inTurns } from '../lib/turns.mjs'

const GROUP = '64'

export async function measure(ctx) {
  const count = 5000
  const root = makeRoot(ctx, 'inject')
  const from = await stage(ctx, count)
  const files = readdirSync(from).map((name) => join(from, name))
  let round = 0

  const inject = () => {
    round += 1
    const queue = new Queue(ctx, root, `queue${round}`, { handler: '/bin/true' })
    ctx.place.sync()
    const seconds = timed(process.execPath, [join(ctx.bin, 'rq'), 'inject', queue.name, ...files], {
      env: { ...process.env, RQ_ROOT: root },
    })
    const there = readdirSync(join(queue.dir, 'que')).length
    if (there !== count) throw new Error(`rq inject made ${there} items of ${count} files`)
    return count / seconds
  }
  const fsyncLoop = () => {
    round += 1
    const dir = join(ctx.place.dir, `groups${round}`)
    mkdirSync(dir)
    ctx.place.sync()
    return count / timed(ctx.tools['fsync-groups'], [dir, String(count), GROUP])
  }

  const rates = await inTurns(ctx.rounds, { inject, fsyncLoop })
  return [
    ratioRow({
      work: `rq inject of ${count} files, durable`,
      beside: `C, fsync in groups of ${GROUP}`,
      ours: rates.inject,
      theirs: rates.fsyncLoop,
      unit: '/s',
      better: 'more',
      floor: 0.6,
      goal: 0.9,
      // Where nothing is durable the C loop measures memory, and ours the start of Node.
      ...(ctx.place.durable ? {} : { note: 'no fsync here' }),
    }),
  ]
}
