import { describe, expect, it } from 'vitest'
import { parseItemId } from '../../src/domain/name.ts'
import { idMaker } from '../../src/fsqueue/new-id.ts'
import { NOW } from './support.ts'

describe('ids of one maker', () => {
  it('rise, though the clock stands still', () => {
    const newId = idMaker(() => NOW)
    const ids = Array.from({ length: 5000 }, () => newId())
    expect(ids.toSorted()).toEqual(ids)
    expect(new Set(ids).size).toBe(ids.length)
  })
  it('rise, though the clock is set back', () => {
    let now = NOW
    const newId = idMaker(() => now)
    const before = newId()
    now -= 3_600_000
    expect(newId() > before).toBe(true)
  })
  it('are ids, whatever name they are made from', () => {
    const newId = idMaker()
    for (const name of ['', 'report.csv', 'a b\n', '\xff\xfe', 'x.msg', '.tmp', 'x'.repeat(300), '-rf', '../..']) {
      const id = newId(name)
      expect(parseItemId(id)).toBe(id)
    }
  })
  it('use all letters and digits', () => {
    const newId = idMaker()
    const seen = new Set(Array.from({ length: 500 }, () => newId().slice(23, 29)).join(''))
    expect(seen.size).toBe(36)
  })
})
