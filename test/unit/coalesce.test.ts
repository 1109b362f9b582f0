import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type Coalesce,
  companions,
  mergeable,
  mergedIds,
  Peers,
  replacements,
  withMerged,
} from '../../src/domain/coalesce.ts'
import { type Entry, entryOf } from '../../src/domain/entry.ts'
import { type ItemId, makeId, type RawName } from '../../src/domain/name.ts'
import { DEFAULT_SETTLE_POLICY } from '../../src/domain/policy.ts'
import { attemptRecord } from '../../src/domain/record.ts'
import { Schedule } from '../../src/domain/schedule.ts'
import { decide, judge } from '../../src/domain/settle.ts'
import { environmentOf } from '../../src/launch/values.ts'

const NOW = Date.UTC(2026, 10, 22, 10, 15)
const FIRST: Coalesce = { by: 'user', keep: 'first' }
const LAST: Coalesce = { by: 'user', keep: 'last' }

const idOf = (n: number): ItemId => makeId(NOW + n, n % 1000, (n + 100_000).toString(36).padStart(6, '0'))
const entry = (n: number, suffix = ',+user:1'): Entry => entryOf(`${idOf(n)}.msg${suffix}` as RawName, NOW)
const names = (entries: readonly Entry[]) => entries.map(({ raw }) => raw)

describe('peers', () => {
  it('are those of an equal key; others, and what has none, are nobody’s', () => {
    const peers = new Peers('user')
    const [a, b, other, none] = [entry(1), entry(2, ',p7,+eu,+user:1'), entry(3, ',+user:12'), entry(4, '')]
    for (const each of [a, b, other, none, a]) peers.add(each)
    expect(names(peers.of(a))).toEqual(names([a, b]))
    expect(names(peers.of(other))).toEqual(names([other]))
    expect(peers.of(none)).toEqual([])
    peers.remove(a)
    expect(names(peers.of(a))).toEqual(names([b]))
  })

  it('are bounded, and what was removed makes room', () => {
    const peers = new Peers('user', 2)
    for (const n of [1, 2, 3]) peers.add(entry(n))
    expect(peers.of(entry(9))).toHaveLength(2)
    peers.remove(entry(1))
    peers.add(entry(3))
    expect(names(peers.of(entry(9)))).toEqual(names([entry(2), entry(3)]))
  })
})

describe('what is merged', () => {
  const all = [4, 1, 3, 2].map((n) => entry(n))

  it('is all that waits for nothing else, the earliest first, and no more than the bound', () => {
    const due = entry(5, ',t1999999999,+user:1')
    expect(names(companions(entry(1), [...all, due], NOW))).toEqual(names([2, 3, 4].map((n) => entry(n))))
    expect(names(companions(entry(1), all, NOW, 2))).toEqual(names([2, 3].map((n) => entry(n))))
  })

  it('with first all but the one that was picked, whichever that is', () => {
    const others = companions(entry(3), all, NOW)
    expect(replacements(FIRST, entry(3), others)).toEqual([])
    expect(names(mergeable(FIRST, entry(3), others))).toEqual(names([1, 2, 4].map((n) => entry(n))))
  })

  it('with last the newest is asked first, and nothing newer is merged into an older', () => {
    const others = companions(entry(2), all, NOW)
    expect(names(replacements(LAST, entry(2), others))).toEqual(names([4, 3].map((n) => entry(n))))
    expect(names(mergeable(LAST, entry(3), others))).toEqual(names([entry(1)]))
    expect(replacements(LAST, entry(9), others)).toEqual([])
  })

  it('with last never runs an older one after a newer, in however many rounds', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(500), { minLength: 1 }), fc.integer({ min: 1, max: 5 }), (ns, most) => {
        let waiting = ns.map((n) => entry(n))
        let seen = 0
        const ran: number[] = []
        while (waiting.length > 0) {
          const picked = waiting.toSorted((a, b) => a.arrival - b.arrival)[0] ?? entry(0)
          const others = companions(picked, waiting, NOW, most)
          const survivor = replacements(LAST, picked, others)[0] ?? picked
          const merged = new Set(names([...mergeable(LAST, survivor, others), picked, survivor]))
          ran.push(survivor.arrival)
          waiting = waiting.filter(({ raw }) => !merged.has(raw))
          seen += merged.size
        }
        expect(ran).toEqual(ran.toSorted((a, b) => a - b))
        expect(seen).toBe(ns.length)
      }),
    )
  })
})

describe('a schedule', () => {
  it('knows the peers of what it gave, whether ready, parked or in a line, until they are dropped', () => {
    const shut = new Set<RawName>([entry(3).raw])
    const schedule = new Schedule({
      mergedBy: 'user',
      gates: {
        shut: ({ raw }) =>
          shut.has(raw)
            ? { reason: { kind: 'no-class' }, key: 'no-class', until: Number.POSITIVE_INFINITY }
            : undefined,
        lineOf: ({ tags }) => tags.find((tag) => tag.startsWith('acct:')),
        reserving: () => [],
        forget: () => [],
      },
    })
    const lined = [entry(5, ',+acct:1,+user:2'), entry(6, ',+acct:1,+user:1'), entry(7, ',+acct:1,+user:2')]
    for (const each of [entry(1), entry(2), entry(3), ...lined]) schedule.add(each, NOW)
    schedule.endScan(NOW)
    const taken = schedule.take(NOW)
    expect(taken?.raw).toBe(entry(1).raw)
    const peers = schedule.peers(entry(1))
    expect(names(peers)).toEqual(names([entry(2), entry(3), ...lined.slice(1, 2)]))
    schedule.drop(peers, NOW)
    expect(schedule.peers(entry(1))).toEqual([])
    expect([schedule.parked()['no-class'], ...[0, 1, 2].map(() => schedule.take(NOW)?.raw)]).toEqual([
      0,
      ...names([lined[0] ?? entry(0), lined[2] ?? entry(0)]),
      undefined,
    ])
  })
})

describe('the message of the one that runs', () => {
  it('names the others once, with what had been merged into them before', () => {
    const [a, b, c] = [idOf(1), idOf(2), idOf(3)]
    const msg = withMerged({ param1: 'x', merged: [a] }, [{ id: b, msg: { merged: [a, c] } }])
    expect(msg).toEqual({ param1: 'x', merged: [a, c, b] })
  })

  it('is read with suspicion', () => {
    for (const merged of [undefined, 'x', { a: 1 }, [1, null, '../x', 'nobody']])
      expect(mergedIds({ merged })).toEqual([])
    expect(mergedIds({ merged: ['../x', idOf(1)] })).toEqual([idOf(1)])
  })
})

it('a merged item is done, and says into which', () => {
  const outcome = { kind: 'merged', into: idOf(1) } as const
  const verdict = judge({ outcome, lines: [], dest: undefined, handlerFails: false }, DEFAULT_SETTLE_POLICY)
  const move = decide(verdict, 1, DEFAULT_SETTLE_POLICY, NOW, 0)
  expect(move).toEqual({ to: 'done' })
  const record = attemptRecord(1, { started: undefined, ended: 'E' }, outcome, verdict, move)
  expect(record).toEqual({
    n: 1,
    ended: 'E',
    cause: 'coalesced',
    verdict: 'done',
    to: 'done',
    text: `merged into ${idOf(1)}`,
  })
})

it('a handler is told the latest of them, as many as fit, and no part of one', () => {
  const told = (count: number) => {
    const merged = Array.from({ length: count }, (_, n) => idOf(n))
    const run = {
      name: 'x',
      attempt: 1,
      id: 'x',
      queue: 'q',
      host: 'h',
      queuePath: '/q',
      runDir: 'run',
      priority: 5,
      tags: [],
    }
    const rest = { attachments: [], isOneFile: false, script: '', realScript: '', started: '' }
    return { merged, said: environmentOf({ ...run, ...rest, msg: { merged } }).RQ_MERGED ?? '' }
  }
  expect(told(3).said).toBe(told(3).merged.join(' '))
  const { merged, said } = told(2000)
  const ids = said.split(' ')
  expect(said.length).toBeLessThanOrEqual(32 * 1024)
  expect(ids.length).toBeGreaterThan(900)
  expect(ids).toEqual(merged.slice(-ids.length))
})
