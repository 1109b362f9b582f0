/** What an inject with a key does while there is an earlier one of the same key. */
import { describe, expect, it, test } from 'vitest'
import { decideKey, formatKeyEntry, type KeyEntry, type KeyWish, parseKeyEntry } from '../../src/domain/keys.ts'
import { parseItemId } from '../../src/domain/name.ts'

const HOUR = 3_600_000
const unique: KeyWish = { how: 'unique', for: HOUR }
const delay: KeyWish = { how: 'delay', due: 5 }
const replace: KeyWish = { how: 'replace' }

describe('an earlier item of the key', () => {
  it.each([
    ['waiting', unique, 'keep'],
    ['running', unique, 'keep'],
    ['ended', unique, 'keep'],
    ['gone', unique, 'publish'],
    ['waiting', delay, 'delay'],
    ['running', delay, 'publish'],
    ['ended', delay, 'publish'],
    ['gone', delay, 'publish'],
    ['waiting', replace, 'replace'],
    ['running', replace, 'publish'],
    ['ended', replace, 'publish'],
    ['gone', replace, 'publish'],
  ] as const)('%s, %j: %s', (place, wish, decision) => {
    expect(decideKey(wish, place, 1000, 1000 + HOUR - 1)).toBe(decision)
  })
  it('keeps others out until its window is over and it has ended, whichever is later', () => {
    expect(decideKey(unique, 'ended', 0, HOUR)).toBe('publish')
    expect(decideKey(unique, 'running', 0, 9 * HOUR)).toBe('keep')
  })
  it('from a clock that was years ahead keeps nobody out for years', () => {
    expect(decideKey(unique, 'ended', 9999 * HOUR, 5)).toBe('publish')
    expect(decideKey(unique, 'ended', 10, 5)).toBe('keep')
  })
})

test('what is kept of a key is read back; anything else is none of ours', () => {
  const id = parseItemId('20261122T101500.123456-x7f2k9')
  if (id === undefined) throw new Error('no id')
  const entry: KeyEntry = { key: 'k\n"', id, name: `${id}.msg`, at: 1, until: 2, before: { id, name: id } }
  expect(parseKeyEntry(formatKeyEntry(entry))).toEqual(entry)
  for (const text of ['', '[]', '{}', '{"key":"k"}', formatKeyEntry(entry).replace(`"${id}.msg"`, '"../../x"')])
    expect(parseKeyEntry(text)).toBeUndefined()
})
