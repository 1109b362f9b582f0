import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { addDuration, emptyHistogram, percentiles, RELATIVE_ERROR } from '../../src/domain/histogram.ts'
import {
  COUNTERS,
  compactDay,
  count,
  DAY,
  dayFate,
  dayFile,
  dayOf,
  decodeDay,
  decodeRecord,
  emptyTally,
  encodeRecord,
  groupRecords,
  HOUR,
  isWritten,
  MINUTE,
  measure,
  mergeRecords,
  PEAKS,
  ratePerMinute,
  type StatsRecord,
} from '../../src/domain/stats.ts'

const NOON = Date.UTC(2026, 10, 26, 12)

const record: fc.Arbitrary<StatsRecord> = fc
  .record({
    minute: fc.integer({ min: 0, max: 2000 }),
    counted: fc.array(fc.constantFrom(...COUNTERS), { maxLength: 20 }),
    peaks: fc.tuple(fc.nat(), fc.nat(), fc.nat()),
    wait: fc.array(fc.nat({ max: 10_000_000 }), { maxLength: 10 }),
    run: fc.array(fc.nat({ max: 10_000_000 }), { maxLength: 10 }),
    offset: fc.nat({ max: MINUTE - 1 }),
  })
  .map(({ minute, counted, peaks, wait, run, offset }) => {
    const tally = emptyTally(NOON + minute * MINUTE)
    for (const counter of counted) count(tally, counter, tally.from + offset)
    for (const [index, peak] of PEAKS.entries()) tally.peaks[peak] = peaks[index] ?? 0
    for (const ms of wait) measure(tally, 'wait', ms)
    for (const ms of run) measure(tally, 'run', ms)
    return tally
  })

/** By the definition: the smallest value that so many are no larger than. */
function exact(values: readonly number[], part: number): number {
  return values.toSorted((a, b) => a - b)[Math.ceil(part * values.length) - 1] ?? 0
}

describe('percentiles', () => {
  it('are within the documented error of the exact ones, whatever the values', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 3_000_000_000 }), { minLength: 1, maxLength: 300 }), (values) => {
        const histogram = emptyHistogram()
        for (const ms of values) addDuration(histogram, ms)
        const told = percentiles(histogram)
        if (told === undefined) throw new Error('nothing told')
        for (const [part, value] of [
          [0.5, told.p50],
          [0.95, told.p95],
          [0.99, told.p99],
        ] as const) {
          const wanted = exact(values, part)
          expect(Math.abs(value - wanted)).toBeLessThanOrEqual(wanted * RELATIVE_ERROR + 1e-6)
        }
        expect(told).toMatchObject({ count: values.length, max: Math.max(...values) })
        expect(told.mean).toBeCloseTo(values.reduce((a, b) => a + b, 0) / values.length)
      }),
    )
  })
  it('of nothing are none', () => {
    expect(percentiles(emptyHistogram())).toBeUndefined()
  })
  it('take what ended before it began, as when a clock is set, for nothing', () => {
    const histogram = emptyHistogram()
    addDuration(histogram, -5000)
    expect(percentiles(histogram)).toMatchObject({ count: 1, p50: 0, max: 0 })
  })
})

describe('records', () => {
  it('may be merged in any order and any grouping', () => {
    fc.assert(
      fc.property(record, record, record, (a, b, c) => {
        expect(mergeRecords(mergeRecords(a, b), c)).toEqual(mergeRecords(a, mergeRecords(b, c)))
        expect(mergeRecords(a, b)).toEqual(mergeRecords(b, a))
      }),
    )
  })
  it('are read back as they were written', () => {
    fc.assert(
      fc.property(record, (one) => {
        expect(decodeRecord(encodeRecord(one))).toEqual(one)
      }),
    )
  })
  it('that are torn anywhere are no records, and the others of their file are', () => {
    fc.assert(
      fc.property(record, record, fc.nat(), (a, b, at) => {
        const line = encodeRecord(a)
        const torn = line.slice(0, 1 + (at % (line.length - 1)))
        expect(decodeDay(`${torn}\n\n${encodeRecord(b)}\n`)).toEqual({ records: [b], foreign: [torn] })
      }),
    )
  })
  it.each([
    'null',
    '[]',
    '{}',
    '{"t":"yesterday","s":60}',
    '{"t":"2026-11-26T12:00:00.000Z","s":0}',
    '{"t":"2026-11-26T12:00:00.000Z","s":60,"done":-1}',
    '{"t":"2026-11-26T12:00:00.000Z","s":60,"done":"7"}',
    '{"t":"2026-11-26T12:00:00.000Z","s":60,"run":{"sum":1,"max":1,"n":{"x":1}}}',
    '{"t":"2026-11-26T12:00:00.000Z","s":60,"run":{"sum":1,"max":1,"n":{"1":1.5}}}',
  ])("%s is nobody's", (line) => {
    expect(decodeRecord(line)).toBeUndefined()
  })
  it('of one minute are one, and no count is lost in hours and days', () => {
    fc.assert(
      fc.property(fc.array(record, { maxLength: 30 }), fc.constantFrom(MINUTE, HOUR, DAY), (records, span) => {
        const groups = groupRecords(records, span)
        for (const counter of COUNTERS) {
          const sum = (all: readonly StatsRecord[]) => all.reduce((total, one) => total + one.counts[counter], 0)
          expect(sum(groups)).toBe(sum(records))
        }
        expect(new Set(groups.map(({ from }) => from)).size).toBe(groups.length)
        expect(groups.every(({ from, span: length }) => from % span === 0 && length === span)).toBe(true)
      }),
    )
  })
})

describe('a day', () => {
  it('hour by hour says what it said minute by minute, and again when it is compacted again', () => {
    fc.assert(
      fc.property(fc.array(record, { maxLength: 30 }), (records) => {
        const text = records.map((one) => `${encodeRecord(one)}\n`).join('')
        const once = compactDay(decodeDay(text))
        expect(groupRecords(decodeDay(once).records, DAY)).toEqual(groupRecords(records, DAY))
        expect(compactDay(decodeDay(once))).toBe(once)
      }),
    )
  })
  it('keeps the lines that nobody can read', () => {
    expect(compactDay(decodeDay('{"by":"another program"}\nnonsense\n'))).toBe('{"by":"another program"}\nnonsense\n')
  })
  it('is named in UTC, up to its last millisecond', () => {
    const midnight = Date.UTC(2026, 10, 27)
    expect([dayFile(midnight - 1), dayFile(midnight)]).toEqual(['20261126.jsonl', '20261127.jsonl'])
    expect(dayOf('20261127.jsonl')).toBe(midnight)
    expect(['20261327.jsonl', '20261127.jsonl.bak', 'x'].map(dayOf)).toEqual([undefined, undefined, undefined])
  })
  it.each([
    [0, 'keep'],
    [7 * DAY, 'keep'],
    [8 * DAY - 1, 'keep'],
    [8 * DAY, 'compact'],
    [401 * DAY - 1, 'compact'],
    [401 * DAY, 'remove'],
  ])('%i ms after its beginning: %s', (age, fate) => {
    expect(dayFate(NOON, NOON + age, { minutes: 7 * DAY, hours: 400 * DAY })).toBe(fate)
  })
})

it('a rate counts the last sixty seconds: all of this minute, and a falling share of the one before', () => {
  expect(ratePerMinute(0, 60, NOON, NOON)).toBe(60)
  expect(ratePerMinute(30, 60, NOON, NOON + 30_000)).toBe(60)
  expect(ratePerMinute(30, 60, NOON, NOON + 90_000)).toBe(30)
})

it('a snapshot is written where a line of its minute, or of its hour, goes as far', () => {
  const at = (from: number, until: number, span = MINUTE): StatsRecord => ({ ...emptyTally(from), from, until, span })
  const snapshot = at(NOON, NOON + 20_000)
  expect(isWritten(snapshot, [at(NOON, NOON + 20_000)])).toBe(true)
  expect(isWritten(snapshot, [at(NOON, NOON + 50_000)])).toBe(true)
  expect(isWritten(snapshot, [at(NOON, NOON + MINUTE * 30, HOUR)])).toBe(true)
  // An earlier worker's, of the same minute; and those of a clock that was ahead, or is now.
  expect(isWritten(snapshot, [at(NOON, NOON + 10_000)])).toBe(false)
  expect(isWritten(snapshot, [at(NOON + DAY, NOON + DAY + 20_000), at(NOON - DAY, NOON)])).toBe(false)
})
