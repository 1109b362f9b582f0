/** Generators that several tables and properties share. */
import fc from 'fast-check'
import { type ItemId, makeId } from '../../src/domain/name.ts'

/** Any name that a directory entry can have: 1 to 255 bytes, no NUL and no slash. */
export const anyRawName = fc
  .oneof(
    fc.array(fc.integer({ min: 1, max: 255 }), { minLength: 1, maxLength: 255 }),
    // Most random bytes hold no suffix at all: these are made of what the grammar is made of.
    fc
      .array(
        fc.constantFrom('a', ',', 'p', '1', '5', 't', '+', '.', 'msg', '.msg', '.tmp', ',p3', ',p5', ',t9', ',+x'),
        {
          minLength: 1,
          maxLength: 20,
        },
      )
      .map((parts) => [...parts.join('')].map((c) => c.charCodeAt(0))),
  )
  .map((bytes) => bytes.map((byte) => String.fromCharCode(byte === 47 ? 95 : byte)).join(''))

const BASE36 = [...'0123456789abcdefghijklmnopqrstuvwxyz']

export const random6 = fc.array(fc.constantFrom(...BASE36), { minLength: 6, maxLength: 6 }).map((c) => c.join(''))

/** Whole ids are made for times between 2000 and 2200. */
export const anyTime = fc.integer({ min: 946_684_800_000, max: 7_258_118_400_000 })

export const anyId: fc.Arbitrary<ItemId> = fc
  .tuple(anyTime, fc.integer({ min: 0, max: 999 }), random6, fc.oneof(fc.constant(''), anyRawName))
  .map(([now, micros, random, from]) => makeId(now, micros, random, from))

export const anyTags = fc.uniqueArray(fc.stringMatching(/^[A-Za-z0-9_.:@-]{1,12}$/), { maxLength: 4 })

export const anyDue = fc.option(fc.integer({ min: 0, max: 99_999_999_999 }), { nil: undefined })

export const anyPriority = fc.integer({ min: 0, max: 9 })
