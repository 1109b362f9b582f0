import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  displayName,
  formatItemName,
  idHead,
  idTail,
  idTime,
  isVisible,
  makeId,
  parseItemId,
  parseItemName,
  parseQueueName,
  rawName,
  safeTail,
} from '../../src/domain/name.ts'
import { anyDue, anyId, anyPriority, anyRawName, anyTags, anyTime, random6 } from './arbitraries.ts'

const RUNS = { numRuns: 2000 }

describe('any bytes as a name', () => {
  it('are read without an exception', () => {
    fc.assert(
      fc.property(anyRawName, (raw) => {
        const name = parseItemName(raw)
        expect(raw.startsWith(name.base)).toBe(true)
        expect(name.base).not.toBe('')
        isVisible(raw)
        displayName(raw)
      }),
      RUNS,
    )
  })
  it('mean the same after they were written again', () => {
    fc.assert(
      fc.property(anyRawName, (raw) => {
        const name = parseItemName(raw)
        fc.pre(raw.length <= 250)
        expect(parseItemName(formatItemName(name))).toEqual(name)
      }),
      RUNS,
    )
  })
  it('are written the same way ever after', () => {
    fc.assert(
      fc.property(anyRawName, (raw) => {
        const once = formatItemName(parseItemName(raw))
        expect(formatItemName(parseItemName(once))).toBe(once)
      }),
      RUNS,
    )
  })
  it('keep their base when the due time is dropped, as at a claim and a hold', () => {
    fc.assert(
      fc.property(anyRawName, (raw) => {
        const { base, priority, tags } = parseItemName(raw)
        fc.pre(raw.length <= 250)
        expect(parseItemName(formatItemName({ base, priority, tags }))).toMatchObject({ base, priority, tags })
      }),
      RUNS,
    )
  })
  it('as a part of an id are safe', () => {
    fc.assert(
      fc.property(anyRawName, (raw) => {
        expect(safeTail(raw)).toMatch(/^([A-Za-z0-9_][A-Za-z0-9._-]*)?$/)
      }),
      RUNS,
    )
  })
})

describe('an id', () => {
  it('is an id, is visible, and is nothing but its id', () => {
    fc.assert(
      fc.property(anyId, (id) => {
        expect(parseItemId(id)).toBe(id)
        expect(isVisible(id)).toBe(true)
        expect(parseItemName(id)).toEqual({ base: id, id, isMessage: false, priority: 5, due: undefined, tags: [] })
        expect(parseItemName(`${id}.msg`).id).toBe(id)
        expect([idHead(id), idTail(id)].filter((part) => part !== '').join('-')).toBe(id)
      }),
      RUNS,
    )
  })
  it('keeps its time', () => {
    fc.assert(
      fc.property(anyTime, random6, anyRawName, (now, random, from) => {
        expect(idTime(makeId(now, 0, random, from))).toBe(now)
      }),
    )
  })
  it('sorts by time', () => {
    const made = fc.record({ now: anyTime, micros: fc.integer({ min: 0, max: 999 }), random: random6 })
    fc.assert(
      fc.property(made, made, (a, b) => {
        const time = a.now - b.now || a.micros - b.micros
        fc.pre(time !== 0)
        const [idA, idB] = [makeId(a.now, a.micros, a.random), makeId(b.now, b.micros, b.random)]
        expect(Math.sign(time)).toBe(idA < idB ? -1 : 1)
      }),
    )
  })
  it('with any suffixes stays the id, and fits into a directory', () => {
    const longTags = fc.array(fc.stringMatching(/^[a-z]{1,64}$/), { maxLength: 8 })
    fc.assert(
      fc.property(
        anyId,
        anyPriority,
        anyDue,
        fc.oneof(anyTags, longTags),
        fc.boolean(),
        (id, priority, due, tags, msg) => {
          const name = formatItemName({ base: msg ? `${id}.msg` : id, priority, due, tags })
          expect(name.length).toBeLessThanOrEqual(255)
          const read = parseItemName(name)
          expect(read).toMatchObject({ id, priority, due, isMessage: msg })
          expect(tags.slice(0, read.tags.length)).toEqual(read.tags)
        },
      ),
      RUNS,
    )
  })
})

describe('text', () => {
  it('becomes bytes and text again', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 60 }), (text) => {
        expect(displayName(rawName(text))).toBe(text)
      }),
    )
  })
  it('that names a queue fits into a directory', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        const name = parseQueueName(text)
        if (name !== undefined) expect(Buffer.byteLength(name)).toBeLessThanOrEqual(128)
      }),
    )
  })
})
