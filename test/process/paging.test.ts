/** Pages of a listing, one after the other, while items come and go; counts that are remembered; changes told in numbers. */
import { linkSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Answer } from '../../src/service/answer.ts'
import type { Context } from '../../src/service/context.ts'
import type { Listing } from '../../src/service/ls.ts'
import { QueueMemory } from '../../src/service/queue-memory.ts'
import { perform } from '../../src/service/registry.ts'
import type { Top } from '../../src/service/top.ts'
import { makeQueue } from '../helpers/daemon.ts'
import { namesIn, rootWithQueue, rq } from '../helpers/rq.ts'
import { until } from '../helpers/until.ts'

function contextOf(root: string, more: Partial<Context> = {}): Context {
  const unused = () => {
    throw new Error('nothing here asks for it')
  }
  const none = { newId: unused, input: unused, edit: unused, tell: () => undefined, showsProgress: false }
  return { root, now: Date.now, cancelled: new AbortController().signal, ...none, ...more }
}

const ASKED = { queue: 'q', query: [] as string[], all: false, reverse: false, deep: false, ids: false }
type Asked = Readonly<Record<string, unknown>>

async function page(root: string, asked: Asked, more: Partial<Context> = {}): Promise<Listing> {
  const { value, problems } = (await perform('ls', contextOf(root, more), { ...ASKED, ...asked })) as Answer<Listing>
  expect(problems).toEqual([])
  if (value === undefined) throw new Error('no page')
  return value
}

/** All names by pages of so many; `between`: what happens after each page. */
async function allPages(
  root: string,
  asked: Asked,
  between: (shown: readonly string[]) => void = () => undefined,
): Promise<string[]> {
  const names: string[] = []
  let after: string | undefined
  for (let pages = 0; pages < 2000; pages += 1) {
    const { items, next } = await page(root, { ...asked, after })
    names.push(...items.map(({ name }) => name))
    if (next === null) return names
    after = next
    between(items.map(({ name }) => name))
  }
  throw new Error('no end of pages')
}

function idOf(n: number, suffix = ''): string {
  const spread = ((n * 7919) % 1_000_003).toString().padStart(6, '0')
  return `20261122T1015${String((n * 13) % 60).padStart(2, '0')}.${spread}-${n.toString(36).padStart(6, '0')}${suffix}`
}

function put(queue: string, dir: string, name: string): void {
  mkdirSync(join(queue, dir), { recursive: true })
  writeFileSync(join(queue, dir, name), '')
}

const SUFFIXES = ['', ',p1', ',p9', ',t4000000000', ',t1700000000', ',+x']

/** Waiting, held and finished items of several minutes. */
function fill(queue: string, count: number): void {
  for (let n = 0; n < count; n += 1) {
    put(queue, 'que', n % 7 === 0 ? `file ${n}.csv` : idOf(n, SUFFIXES[n % 6]))
    put(queue, n % 2 === 0 ? 'done/20261122/1015' : 'done/20261121/2359', idOf(1000 + n))
    if (n % 3 === 0) put(queue, 'pause', idOf(2000 + n))
  }
}

const LISTINGS: [string, Asked][] = [
  ['state by state', { query: [] }],
  ['what waits', { query: ['que'] }],
  ['what is done', { query: ['done'] }],
  ['everything', { query: ['que', '|', 'done', '|', 'pause'] }],
  ['by name', { query: ['que | done'], sort: 'name' }],
  ['by order, reversed', { query: ['que | pause'], sort: 'order', reverse: true }],
  ['by due time, which most have not', { query: [], sort: 'due' }],
  ['by age', { query: ['que'], sort: 'age' }],
  ['what had to be opened', { query: ['size<1'] }],
]

describe('pages', () => {
  it.each(LISTINGS)('of a listing %s are the listing', async (_, asked) => {
    const { root, queue } = rootWithQueue()
    fill(queue, 40)
    const whole = (await page(root, { ...asked, limit: 0 })).items.map(({ name }) => name)
    expect(whole.length).toBeGreaterThan(39)
    expect(new Set(whole).size).toBe(whole.length)
    for (const limit of [1, 7, 1000]) expect(await allPages(root, { ...asked, limit })).toEqual(whole)
  })
  it.each(LISTINGS)(
    'of a listing %s miss and repeat nothing that stays, whatever comes and goes',
    async (_, asked) => {
      const changes = fc.array(fc.tuple(fc.constantFrom('come', 'go'), fc.nat(200)), { minLength: 5, maxLength: 30 })
      await fc.assert(
        fc.asyncProperty(changes, fc.integer({ min: 1, max: 12 }), async (steps, limit) => {
          const { root, queue } = rootWithQueue()
          fill(queue, 24)
          const before = (await page(root, { ...asked, limit: 0 })).items.map(({ name }) => name)
          const gone = new Set<string>()
          const left = [...steps]
          const seen = await allPages(root, { ...asked, limit }, () => {
            const [what, n] = left.shift() ?? ['none', 0]
            if (what === 'come') {
              put(queue, 'que', idOf(5000 + n, SUFFIXES[n % 6]))
              put(queue, 'done/20261122/1016', idOf(6000 + n))
            } else if (what === 'go')
              for (const dir of ['que', 'done/20261122/1015']) {
                const name = readdirSync(join(queue, dir))[n % 20]
                if (name === undefined) continue
                gone.add(name)
                rmSync(join(queue, dir, name))
              }
          })
          const stayed = before.filter((name) => !gone.has(name))
          expect(seen.filter((name) => stayed.includes(name))).toEqual(stayed)
          expect(new Set(seen).size).toBe(seen.length)
          rmSync(root, { recursive: true })
        }),
        { numRuns: 6 },
      )
    },
    60_000,
  )
  it('of what is too much to be sorted are as found, and go on behind what has left', async () => {
    const { root, queue } = rootWithQueue()
    const total = 20_500
    put(queue, 'que', idOf(0))
    for (let n = 1; n < total; n += 1) linkSync(join(queue, 'que', idOf(0)), join(queue, 'que', idOf(n)))
    const first = await page(root, { query: ['que'], limit: 1000 })
    expect(first).toMatchObject({ sorted: false, more: true })
    const gone = new Set<string>()
    const seen = await allPages(root, { query: ['que'], limit: 1000 }, (shown) => {
      // All but one of the names that the cursor goes by, and some that were not shown yet.
      const names = [...shown.slice(-7), ...readdirSync(join(queue, 'que')).slice(0, 50)]
      for (const name of names) {
        gone.add(name)
        rmSync(join(queue, 'que', name), { force: true })
      }
      put(queue, 'que', `new ${gone.size}`)
    })
    const olds = seen.filter((name) => !name.startsWith('new'))
    expect(new Set(olds).size).toBe(olds.length)
    const ids = Array.from({ length: total }, (_, n) => idOf(n))
    const missed = new Set(ids.filter((name) => !gone.has(name)))
    for (const name of olds) missed.delete(name)
    expect([...missed]).toEqual([])
  }, 60_000)
  it('of what is too much to be sorted are sorted where it is remembered, and go on behind what is', async () => {
    const { root, queue } = rootWithQueue()
    const total = 21_000
    put(queue, 'que', idOf(0))
    for (let n = 1; n < total; n += 1) linkSync(join(queue, 'que', idOf(0)), join(queue, 'que', idOf(n)))
    const ids = Array.from({ length: total }, (_, n) => idOf(n)).toSorted()
    const memory = new QueueMemory()
    const asked = { query: ['que'], limit: 1000 }
    try {
      await until(async () => (await page(root, asked, { memory })).sorted)
      const first = await page(root, asked, { memory })
      expect(first.items.map(({ name }) => name)).toEqual(ids.slice(0, 1000))
      for (const id of ids.slice(1000, 1010)) rmSync(join(queue, 'que', id))
      put(queue, 'que', `${idOf(9_999_999)},p1`)
      const second = await page(root, { ...asked, after: first.next }, { memory })
      expect(second.items.map(({ name }) => name)).toEqual(ids.slice(1010, 2010))
      const third = await page(root, { ...asked, after: second.next }, { memory })
      expect(third.items.map(({ name }) => name)).toEqual(ids.slice(2010, 3010))
      await until(async () => (await page(root, asked, { memory })).items[0]?.priority === 1)
    } finally {
      memory.close()
    }
  }, 60_000)
  it('go on in the next queue when theirs is gone', async () => {
    const { root, queue } = rootWithQueue()
    for (const name of ['r', 's']) for (let n = 0; n < 3; n += 1) put(makeQueue(root, name), 'que', `${name}${n}`)
    for (let n = 0; n < 3; n += 1) put(queue, 'que', `q${n}`)
    const first = await page(root, { queue: undefined, limit: 2 })
    renameSync(queue, join(root, 'q.old'))
    const { items } = await page(root, { queue: undefined, limit: 10, after: first.next ?? '' })
    expect(items.map(({ name }) => name)).toEqual(['r0', 'r1', 'r2', 's0', 's1', 's2'])
  })
  it('are no larger than whoever asks for them bears', async () => {
    const { root, queue } = rootWithQueue()
    fill(queue, 20)
    const some = await page(root, { limit: 0 }, { mostRows: 5 })
    expect(some.items).toHaveLength(5)
    expect(some).toMatchObject({ more: true, next: expect.any(String) })
  })
})

describe('a search', () => {
  it('that runs out of time is taken up where it stopped, until it has seen everything', async () => {
    const { root, queue } = rootWithQueue()
    for (let n = 0; n < 300; n += 1) {
      put(queue, 'que', idOf(n))
      put(queue, 'done/20261122/1015', idOf(1000 + n))
    }
    writeFileSync(join(queue, 'que', idOf(7)), 'x')
    const found: string[] = []
    let after: string | undefined
    let bounded = 0
    do {
      const some = await page(root, { query: ['(que | done) size=1'], within: 0, after })
      found.push(...some.items.map(({ name }) => name))
      bounded += Number(some.bounded)
      after = some.next ?? undefined
    } while (after !== undefined)
    expect(found).toEqual([idOf(7)])
    expect(bounded).toBeGreaterThan(1)
  })
  it('lets others have their turn', async () => {
    const { root, queue } = rootWithQueue()
    put(queue, 'que', idOf(0))
    for (let n = 1; n < 20_000; n += 1) linkSync(join(queue, 'que', idOf(0)), join(queue, 'que', idOf(n)))
    let turns = 0
    const timer = setInterval(() => {
      turns += 1
    }, 1)
    await page(root, { query: ['size>5'] })
    clearInterval(timer)
    expect(turns).toBeGreaterThan(0)
  })
})

describe('rq ls --after', () => {
  it('goes on where a page ended', async () => {
    const { root, queue } = rootWithQueue()
    for (let n = 0; n < 5; n += 1) put(queue, 'que', `f${n}`)
    const first = JSON.parse((await rq(root, ['ls', 'q', '-n', '3', '--json'])).stdout)
    const said = await rq(root, ['ls', 'q', '-n', '3', '--ids', '--after', first.next])
    expect(said).toMatchObject({ code: 0, stdout: 'q/f3\nq/f4\n', stderr: '' })
  })
  it('says what is wrong with a cursor', async () => {
    const { root, queue } = rootWithQueue()
    for (let n = 0; n < 5; n += 1) put(queue, 'que', `f${n}`)
    const { next } = JSON.parse((await rq(root, ['ls', 'q', '-n', '3', '--json'])).stdout)
    const wrong = { code: 2, stderr: expect.stringContaining('--after') }
    expect(await rq(root, ['ls', 'q', '--after', 'nonsense'])).toMatchObject(wrong)
    expect(await rq(root, ['ls', 'q', 'done', '--after', next])).toMatchObject(wrong)
    expect(await rq(root, ['ls', 'q', '--sort', 'age', '--after', next])).toMatchObject(wrong)
  })
})

describe('remembered counts', () => {
  it('follow what comes and goes, and go beyond ten thousand', async () => {
    const { root, queue } = rootWithQueue()
    const memory = new QueueMemory()
    const look = async () => {
      const { value } = (await perform('top', contextOf(root, { memory }), { queue: [] })) as Answer<Top>
      const { counts, capped } = value?.queues[0] ?? {}
      return { ...counts, capped }
    }
    try {
      expect(await look()).toMatchObject({ que: 0, done: 0, capped: [] })
      for (let n = 0; n < 12_000; n += 1) {
        if (n === 0) put(queue, 'que', idOf(0))
        else linkSync(join(queue, 'que', idOf(0)), join(queue, 'que', idOf(n)))
      }
      for (let n = 0; n < 30; n += 1) put(queue, `done/2026112${n % 3}/10${10 + n}`, `d${n}`)
      await until(async () =>
        JSON.stringify(await look()).includes(
          '"que":12000,"run":0,"pause":0,"_err":0,"done":30,"relayed":0,"capped":[]',
        ),
      )
      rmSync(join(queue, 'que', idOf(5)))
      put(queue, 'pause', idOf(5))
      rmSync(join(queue, 'done/20261120'), { recursive: true })
      await until(async () =>
        JSON.stringify(await look()).includes('"que":11999,"run":0,"pause":1,"_err":0,"done":20,'),
      )
    } finally {
      memory.close()
    }
  }, 30_000)
  it('are those of a look without a memory, whatever was done in between', async () => {
    const action = fc.tuple(
      fc.constantFrom('put', 'take'),
      fc.constantFrom('que', 'pause', '_err', `done/${today()}/0000`, `done/${today()}/2359`, 'relayed/20200101/1200'),
      fc.nat(5),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 30 }), async (actions) => {
        const { root, queue } = rootWithQueue()
        const memory = new QueueMemory()
        const counts = async (more: Partial<Context>) => {
          const { value } = (await perform('queues', contextOf(root, more), { queue: [] })) as Answer<
            Pick<Top, 'queues'>
          >
          return value?.queues[0]?.counts
        }
        for (const [what, dir, n] of actions) {
          if (what === 'put') put(queue, dir, `n${n}`)
          else rmSync(join(queue, dir, `n${n}`), { force: true })
          if (n === 0 && !dir.includes('/')) expect((await counts({ memory }))?.que).toBe(namesIn(queue, 'que').length)
        }
        const { done: _done, relayed: _relayed, ...now } = (await counts({ memory })) ?? {}
        expect(await counts({})).toMatchObject(now)
        memory.close()
        rmSync(root, { recursive: true })
      }),
      { numRuns: 10 },
    )
  }, 30_000)
})

function today(): string {
  return new Date().toISOString().slice(0, 10).replaceAll('-', '')
}

describe('rq top', () => {
  it('says what is wrong, and what was done in the last hour', async () => {
    const { root } = rootWithQueue()
    const { value } = (await perform('top', contextOf(root), { queue: [] })) as Answer<Top>
    expect(value?.queues[0]).toMatchObject({
      problem: 'no daemon runs on this root: start it with `rqd start`',
      failedPerMinute: 0,
      trend: Array(60).fill(0),
      runP99: null,
    })
  })
})

describe('a change of many', () => {
  it('is told in numbers, with no more rows than whoever asks bears', async () => {
    const { root, queue } = rootWithQueue()
    for (let n = 0; n < 50; n += 1) put(queue, 'que', idOf(n))
    const input = { id: ['q'], where: 'que', 'dry-run': false, first: undefined, last: undefined }
    const bounded = contextOf(root, { mostRows: 3 })
    const dry = await perform('hold', bounded, { ...input, 'dry-run': true })
    expect(dry.counts).toEqual({ matched: 50, did: [{ queue: 'q', did: 'matches', count: 50 }], refused: 0 })
    expect(dry.value).toHaveLength(3)
    const held = await perform('hold', bounded, input)
    expect(held.counts).toMatchObject({ matched: 50, did: [{ queue: 'q', count: 50 }] })
    expect(held.value).toHaveLength(3)
    expect(namesIn(queue, 'pause')).toHaveLength(50)
  })
})
