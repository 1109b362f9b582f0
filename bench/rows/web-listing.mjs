// What a page of the web asks for, of 1,000 queues with a million waiting and a million done items: in one process that
// lives on, with its memory and without.
import { execFileSync } from 'node:child_process'
import { statfsSync } from 'node:fs'
import { join } from 'node:path'
import { sleep } from '../lib/clock.mjs'
import { limitRow, ratioRow } from '../lib/rows.mjs'
import { loadService } from '../lib/service.mjs'
import { besideNode } from '../lib/tools.mjs'
import { inTurns } from '../lib/turns.mjs'

const LS = { queue: 'big', query: [], all: false, reverse: false, deep: false, ids: false, limit: 50 }
const HOLD = { id: ['big'], 'dry-run': true }
const EACH = 100

export async function measure(ctx) {
  const root = join(ctx.place.dir, 'web')
  const big = bigEnough(ctx)
  const queues = ctx.quick ? 100 : 1000
  execFileSync(process.execPath, [besideNode('make-forest.mjs'), root, queues, EACH, big].map(String))
  const service = await loadService(ctx, root)
  try {
    const { memory } = service
    await counted(async () => (await service.ask('top', { queue: [] }, { memory })).value)
    const page = (more) => () => timed(() => service.ask('ls', { ...LS, ...more }))
    const second = (await service.ask('ls', { ...LS, query: ['waiting'] })).value.next
    const took = await inTurns(ctx.rounds, {
      first: page({ query: ['waiting'] }),
      second: page({ query: ['waiting'], after: second }),
      done: page({ query: ['done'] }),
      small: page({ queue: 'q0001' }),
      rare: page({ query: ['waiting', 'tag:rare'] }),
      none: page({ query: ['waiting', 'param.user=nobody'], within: 800 }),
      order: page({ query: ['waiting'], sort: 'order', deep: true }),
      count: () => timed(() => service.ask('hold', { ...HOLD, where: 'waiting priority:5' })),
      overview: () => timed(() => service.ask('top', { queue: [] }, { memory })),
      unremembered: () => timed(() => service.ask('top', { queue: [] })),
    })
    const names = `${big.toLocaleString('en-US')} names`
    const row = (work, ours, goal) => limitRow({ work: `web-listing, ${work}`, ours, unit: 'ms', goal })
    return [
      row(`first page of ${names}, as found`, took.first, 200),
      row('its second page', took.second, 200),
      row('first page of what is done', took.done, 200),
      row('first page of a small queue', took.small, 200),
      row('first page of a search by name, one in 100', took.rare, 1000),
      row('a search in messages that finds nothing, within 800 ms', took.none, 1000),
      row(`the first of ${names} in their order`, took.order, 1000),
      row(`a change by name, only counted, ${names}`, took.count, 1000),
      ratioRow({
        work: `web-listing, overview of ${queues} queues, remembered`,
        beside: 'without a memory',
        ours: took.overview,
        theirs: took.unremembered,
        unit: 'ms',
        better: 'less',
      }),
    ]
  } finally {
    service.memory.close()
  }
}

/** tmpfs has no more names than inodes: an item that is done takes two. */
export function bigEnough(ctx) {
  if (ctx.quick) return 30_000
  const { ffree } = statfsSync(ctx.place.dir)
  const room = Math.floor((ctx.place.durable ? ffree - 300_000 : (ffree - 500_000) / 3) / 50_000) * 50_000
  if (room <= 0) throw new Error(`${ctx.place.dir} has ${ffree} free inodes (df -i), too few for a large queue`)
  return Math.min(1_000_000, room)
}

/** Everything was counted once; that takes its time in the background. */
export async function counted(top) {
  for (let tries = 0; tries < 300; tries += 1) {
    const { queues } = await top()
    if (queues.every(({ capped }) => capped.length === 0)) return
    await sleep(200)
  }
  throw new Error('counting came to no end')
}

async function timed(ask) {
  const began = performance.now()
  await ask()
  return performance.now() - began
}
