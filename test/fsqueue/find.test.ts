import { mkdirSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { State } from '../../src/domain/item.ts'
import { type ItemId, makeId } from '../../src/domain/name.ts'
import { findItem } from '../../src/fsqueue/find.ts'
import { makeQueue, type TestQueue } from './support.ts'

const ID: ItemId = makeId(Date.UTC(2026, 10, 22, 10, 15, 30), 0, 'abcdef', 'x.csv')

function put(test: TestQueue, where: State, name: string, bucket?: string): void {
  const dir = [test.path, where, bucket].filter((part) => part !== undefined).join('/')
  mkdirSync(dir, { recursive: true })
  writeFileSync(`${dir}/${name}`, '')
}

describe('an item is found by its id', () => {
  const rows: [sentence: string, where: State, name: string, bucket: string | undefined][] = [
    ['by its bare name', 'que', ID, undefined],
    ['as a message', 'que', `${ID}.msg`, undefined],
    ['under its suffixes', 'que', `${ID},p1,t5,+x`, undefined],
    ['as a message under suffixes', 'que', `${ID}.msg,p1`, undefined],
    ['while it is built', 'prep', ID, undefined],
    ['while it runs', 'run', `${ID},p1`, undefined],
    ['while it is held', 'pause', ID, undefined],
    ['when it failed', '_err', `${ID},+x`, undefined],
    ['in the minute in which it was made', 'done', ID, '20261122/1015'],
    ['in a later minute', 'done', ID, '20261122/1016'],
    ['on a later day', 'done', ID, '20270101/0000'],
    ['in an earlier minute: the clock was set back', 'done', ID, '20261122/1014'],
    ['on an earlier day', 'done', `${ID},p1`, '20250101/2359'],
    ['where it was relayed', 'relayed', ID, '20261122/1015'],
  ]
  it.each(rows)('%s', (_sentence, where, name, bucket) => {
    const test = makeQueue()
    put(test, 'done', 'somebody', '20261122/1015')
    put(test, 'que', 'somebody')
    put(test, where, name, bucket)
    expect(findItem(test.queue, ID)).toEqual({ state: where, raw: name, bucket })
  })
})

describe('an item is not', () => {
  it.each<[sentence: string, name: string]>([
    ['another whose id begins alike', `${ID}x`],
    ['a file that only begins with its id', `${ID}.msg.old`],
    ['somebody else', 'x.csv'],
  ])('%s', (_sentence, name) => {
    const test = makeQueue()
    put(test, 'que', name)
    put(test, 'done', name, '20261122/1015')
    expect(findItem(test.queue, ID)).toBeUndefined()
  })
  it('looked for where it was not asked for', () => {
    const test = makeQueue()
    put(test, 'que', ID)
    expect(findItem(test.queue, ID, ['done'])).toBeUndefined()
  })
})

it('of two copies the later finish is nearer than the earlier, and the nearest later one is found first', () => {
  const test = makeQueue()
  for (const bucket of ['20261122/1014', '20261122/1300', '20261122/1100']) put(test, 'done', ID, bucket)
  expect(findItem(test.queue, ID)?.bucket).toBe('20261122/1100')
})

it('of two copies of an earlier time the nearest is found first', () => {
  const test = makeQueue()
  for (const bucket of ['20261120/0001', '20261121/0001']) put(test, 'done', ID, bucket)
  expect(findItem(test.queue, ID)?.bucket).toBe('20261121/0001')
})

it('a running copy is found before any other', () => {
  const test = makeQueue()
  for (const where of ['que', 'run', 'pause', '_err'] as const) put(test, where, ID)
  expect(findItem(test.queue, ID)?.state).toBe('run')
})

it('what else lies in done/ is passed over', () => {
  const test = makeQueue()
  put(test, 'done', 'README')
  put(test, 'done', 'notes', '20261122')
  put(test, 'done', ID, 'archive/0000')
  expect(findItem(test.queue, ID)).toBeUndefined()
})

it('a queue without directories has no items', () => {
  const test = makeQueue()
  const queue = { ...test.queue, dirs: { ...test.queue.dirs, que: 'no', run: 'no', done: 'no', pause: 'no' } }
  expect(findItem(queue, ID)).toBeUndefined()
})
