import { mkdirSync, truncateSync, writeFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { partsOf } from '../../src/fsqueue/cleaner.ts'
import { inQueue } from '../../src/fsqueue/place.ts'
import { makeQueue } from './support.ts'

it('an archive holds no more than a part of what is large: there must be room for it before anything goes', () => {
  const test = makeQueue()
  const sources = [100, 500, 500, 3000, 1, 2].map((mebibytes, n) => {
    mkdirSync(`${test.path}/done/item${n}`)
    writeFileSync(`${test.path}/done/item${n}/large`, '')
    truncateSync(`${test.path}/done/item${n}/large`, mebibytes * 2 ** 20)
    return { path: inQueue(test.queue, `done/item${n}`), name: `item${n}` }
  })
  const parts = [...partsOf(sources)].map((part) => part.map(({ name }) => name))
  expect(parts).toEqual([['item0', 'item1'], ['item2'], ['item3'], ['item4', 'item5']])
  const many = Array.from({ length: 45_000 }, () => ({ path: inQueue(test.queue, 'done/none'), name: '' }))
  expect([...partsOf(many)].map(({ length }) => length)).toEqual([20_000, 20_000, 5_000])
})
