import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { makeId } from '../../src/domain/name.ts'
import { entryGate, explain, type QueueFacts, queueGate, type WaitReason } from '../../src/domain/pick.ts'

const NOW = 1_000_000

const OPEN: QueueFacts = {
  stopping: false,
  rootPaused: false,
  paused: false,
  down: false,
  configProblem: undefined,
  brokenHandler: undefined,
  diskProblem: undefined,
  shortage: undefined,
  pressure: undefined,
  slots: 4,
  freeSlots: 4,
  noPermit: undefined,
}

/** Each gate with what shuts it, in the order in which they answer. */
const SHUT: [kind: WaitReason['kind'], change: Partial<QueueFacts>][] = [
  ['stopping', { stopping: true }],
  ['root-paused', { rootPaused: true }],
  ['queue-down', { down: true }],
  ['queue-paused', { paused: true }],
  ['bad-config', { configProblem: 'x' }],
  ['broken-handler', { brokenHandler: { problem: 'x', until: NOW + 1 } }],
  ['disk', { diskProblem: 'x' }],
  ['shortage', { shortage: { problem: 'x', until: NOW + 1 } }],
  ['pressure', { pressure: { what: 'load', value: '9', limit: '8', until: NOW } }],
  ['no-slot', { freeSlots: 0 }],
  ['no-permit', { noPermit: 'io' }],
]

describe('a queue', () => {
  it('may start an item when nothing is in the way', () => {
    expect(queueGate(OPEN, NOW)).toBeUndefined()
  })
  it.each(SHUT)('waits: %s', (kind, change) => {
    expect(queueGate({ ...OPEN, ...change }, NOW)?.kind).toBe(kind)
  })
  it('tries a broken handler again when its time has come', () => {
    expect(queueGate({ ...OPEN, brokenHandler: { problem: 'x', until: NOW } }, NOW)).toBeUndefined()
  })
  it('starts again when a shortage has had its moment', () => {
    expect(queueGate({ ...OPEN, shortage: { problem: 'x', until: NOW } }, NOW)).toBeUndefined()
  })
  it('gives the first reason of many', () => {
    fc.assert(
      fc.property(fc.subarray(SHUT), (shut) => {
        const facts = Object.assign({ ...OPEN }, ...shut.map(([, change]) => change))
        expect(queueGate(facts, NOW)?.kind).toBe(shut[0]?.[0])
      }),
    )
  })
})

describe('an item', () => {
  const id = makeId(NOW, 0, 'abcdef')
  it.each<[sentence: string, notBefore: number, live: boolean, kind: WaitReason['kind'] | undefined]>([
    ['may start', 0, false, undefined],
    ['may start in the very moment that it is due', NOW, false, undefined],
    ['waits until it is due', NOW + 1, false, 'due'],
    ['waits while another copy of it runs', 0, true, 'live-copy'],
    ['that is not due says so first', NOW + 1, true, 'due'],
  ])('%s', (_sentence, notBefore, live, kind) => {
    expect(entryGate({ id, notBefore }, () => live, NOW)?.kind).toBe(kind)
  })
  it('without an id has no copies', () => {
    expect(entryGate({ id: undefined, notBefore: 0 }, () => true, NOW)).toBeUndefined()
  })
})

describe('a reason in words', () => {
  it.each<[reason: WaitReason, words: RegExp]>([
    [{ kind: 'daemon-down' }, /rqd start/],
    [{ kind: 'stopping' }, /stopping/],
    [{ kind: 'root-paused' }, /rq resume --all/],
    [{ kind: 'queue-paused' }, /rq resume/],
    [{ kind: 'queue-down' }, /_down/],
    [{ kind: 'bad-config', problem: 'slots' }, /slots/],
    [{ kind: 'broken-handler', problem: 'no file', until: 0 }, /no file.*1970-01-01T00:00:00/],
    [{ kind: 'broken-handler', problem: 'no file', until: Number.POSITIVE_INFINITY }, /when it changes/],
    [{ kind: 'disk', problem: 'ENOSPC' }, /ENOSPC/],
    [{ kind: 'shortage', problem: 'EMFILE', until: 0 }, /for a moment: EMFILE/],
    [
      { kind: 'pressure', what: 'disk', value: '2%', limit: '5%', until: 0 },
      /2% of the disk is left, below 5% \(hold_when\)/,
    ],
    [{ kind: 'no-slot', slots: 2 }, /all 2 slots are busy/],
    [{ kind: 'no-slot', slots: 1 }, /its one slot is busy/],
    [{ kind: 'no-permit', pool: 'io' }, /all slots of the pool io are busy.*pools in the root's config/],
    [{ kind: 'due', until: 99_999_999_999_000 }, /5138-11-16/],
    [{ kind: 'live-copy' }, /running/],
    [{ kind: 'settling', why: 'young', until: 0 }, /young/],
    [{ kind: 'unavailable', problem: 'EACCES', until: 0 }, /EACCES/],
    [{ kind: 'behind', ahead: 0 }, /it is next/],
    [{ kind: 'behind', ahead: 1 }, /^1 item goes first/],
    [{ kind: 'behind', ahead: 7 }, /^7 items go first/],
  ])('%j', (reason, words) => {
    expect(explain(reason)).toMatch(words)
  })
})
