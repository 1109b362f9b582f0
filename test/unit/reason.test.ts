import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Attempt } from '../../src/domain/item.ts'
import { printQuery, writeWord } from '../../src/domain/query.ts'
import { parseQuery } from '../../src/domain/query-parse.ts'
import { NEVER_RAN, normaliseText, reasonOf } from '../../src/domain/reason.ts'
import { readersAt } from '../../src/service/query.ts'

describe('a text without what differs from item to item', () => {
  it.each([
    ['timeout after 31s', 'timeout after <n>s'],
    ['timeout after 30s', 'timeout after <n>s'],
    ['1.5 of 2,000 at 10.0.0.1:8080', '<n> of <n> at <n>'],
    ['offset -5, a-5', 'offset <n>, a-<n>'],
    ['user 3f2504e0-4f89-11d3-9a0c-0305e82c3301 unknown', 'user <uuid> unknown'],
    ['commit 9fceb02d0ae5 and 0xDEADbeef', 'commit <hex> and <hex>'],
    ['no facade, no deface', 'no facade, no deface'],
    ['at 2026-11-26T10:15:01.5Z', 'at <time>'],
    ['on 2026-11-26', 'on <time>'],
    ['item 20261122T101500.123456-x7f2k9-report.csv gone', 'item <id> gone'],
    ['open /var/lib/a b.csv: ENOENT', 'open <path> b.csv: ENOENT'],
    ['cannot read ./in/x-1.txt, ~/y', 'cannot read <path>, <path>'],
    ['in src/main.c:12 and/or', 'in <path>:<n> and/or'],
    ['GET https://example.org/a?b=1 failed', 'GET <url> failed'],
    ['no column "name 7" in \'table 1\' of `db`', 'no column <text> in <text> of <text>'],
    ["can't open, isn't there", "can't open, isn't there"],
    ['two\nlines\tand \u0007 bells', 'two lines and bells'],
    ['half a \ud800 character', 'half a character'],
    ['', ''],
  ])('%j is %j', (text, expected) => {
    expect(normaliseText(text)).toBe(expected)
  })
  it('has no digit, no line break, and a length that is bounded, whatever it was', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 4000 }), (text) => {
        const said = normaliseText(text)
        expect(said).not.toMatch(/[0-9\p{Cc}\p{Cs}]/u)
        expect(said.length).toBeLessThanOrEqual(200)
      }),
    )
  })
  it.each(['a'.repeat(100_000), '1.'.repeat(50_000), '"'.repeat(50_001), './'.repeat(50_000), 'a-'.repeat(50_000)])(
    'of a text made to take long is there (%#)',
    (text) => {
      expect(normaliseText(text).length).toBeLessThanOrEqual(200)
    },
  )
})

describe('a reason', () => {
  it.each<[Partial<Attempt> | undefined, string]>([
    [undefined, NEVER_RAN],
    [{ exit: 7, text: 'exit 7', verdict: 'fail' }, 'exit 7'],
    [{ exit: 7, text: 'no such user 12', verdict: 'fail' }, 'exit 7: no such user <n>'],
    [{ exit: 137, signal: 'KILL', text: 'exit 137 (KILL)' }, 'signal KILL'],
    [
      { exit: 143, signal: 'TERM', cause: 'timeout', text: 'timeout: 31s of 30s' },
      'timeout, signal TERM: <n>s of <n>s',
    ],
    [{ cause: 'lost', text: 'lost' }, 'lost: lost'],
    [{ exit: 0, verdict: 'fail', text: 'the handler said fail' }, 'the handler said fail'],
    [{ exit: 0, verdict: 'done' }, 'done'],
    [{ exit: 75, text: 'exit 75; gave up after its attempts' }, 'exit 75: gave up after its attempts'],
  ])('of %j is %j', (attempt, expected) => {
    expect(reasonOf(attempt === undefined ? undefined : { n: 1, ...attempt })).toBe(expected)
  })
  it('written into a query is read as the same', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (text, signal) => {
        const reason = reasonOf({ n: 1, text, signal })
        const parsed = parseQuery(writeWord({ name: 'reason' }, '=', reason), readersAt(0))
        expect(parsed).toMatchObject({ ok: true, query: { test: { test: { kind: 'exact', text: reason } } } })
        if (parsed.ok) expect(parseQuery(printQuery(parsed.query), readersAt(0))).toMatchObject({ ok: true })
      }),
    )
  })
})
