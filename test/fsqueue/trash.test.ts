import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { State } from '../../src/domain/item.ts'
import type { Located } from '../../src/fsqueue/scan.ts'
import {
  dropEmptyRemoval, moveToTrash, type Removal, removalOf, removals, removedItems, restoreFromTrash,
} from '../../src/fsqueue/trash.ts' // biome-ignore format: one import
import { loadNative } from '../../src/os/native.ts'
import { makeQueue, newId, raw, state, type TestQueue, tree } from './support.ts'

const native = await loadNative()
const S = '20261126T101500.123-x7f2k9'

function put(test: TestQueue, where: State, name: string, bucket?: string): Located {
  const dir = [test.path, where, bucket].filter((part) => part !== undefined).join('/')
  mkdirSync(`${dir}/${name}`, { recursive: true })
  writeFileSync(`${dir}/${name}/msg`, name)
  return { state: where, raw: raw(name), bucket }
}

function only(test: TestQueue): Removal {
  const [removal, another] = removals(test.queue)
  if (removal === undefined || another !== undefined) throw new Error('not one removal')
  return removal
}

describe.each([
  ['with renameat2', native],
  ['without it', undefined],
])('%s, what is removed', (_way, using) => {
  const context = { newId, native: using }
  it('lies under its own name and where it was, and goes back there', () => {
    const test = makeQueue()
    const id = newId()
    const items = [put(test, 'que', `${id},p1,t77,+x`), put(test, '_err', id), put(test, 'done', id, '20261122/1015')]
    writeFileSync(`${test.path}/que/plain, name.csv`, 'text')
    items.push({ state: 'que', raw: raw('plain, name.csv'), bucket: undefined })
    const before = tree(test.path)
    for (const item of items) expect(moveToTrash(test.queue, item, S, using)).toMatchObject({ kind: 'moved' })
    expect(state(test, 'que')).toEqual([])
    expect(state(test, '_trash')).toContain(`${S}/done/20261122/1015/${id}/msg=${id}`)
    const removal = only(test)
    expect(removal).toMatchObject({ name: S, at: Date.parse('2026-11-26T10:15:00.123Z') })
    const listed = [...removedItems(removal)]
    expect(listed).toHaveLength(4)
    expect(listed).toEqual(expect.arrayContaining(items))
    for (const item of listed)
      expect(restoreFromTrash(test.queue, removal, item, context)).toMatchObject({ kind: 'moved', at: item })
    dropEmptyRemoval(removal)
    expect(state(test, '_trash')).toEqual([])
    expect(tree(test.path).filter((line) => line !== '_trash/')).toEqual(before)
  })
  it('goes back under a fresh id where its name is taken, and overwrites nothing', () => {
    const test = makeQueue()
    const id = newId('x.csv')
    const item = put(test, 'que', `${id},p1`)
    moveToTrash(test.queue, item, S, using)
    mkdirSync(`${test.path}/que/${id},p1`)
    const restored = restoreFromTrash(test.queue, only(test), item, context)
    if (restored.kind !== 'moved') throw new Error(restored.kind)
    expect(restored.at.raw).toMatch(/-x\.csv,p1$/)
    expect(state(test, 'que')).toContain(`${restored.at.raw}/msg=${id},p1`)
    expect(existsSync(`${test.path}/que/${id},p1/msg`)).toBe(false)
  })
  it('is gone when somebody else took it, either way', () => {
    const test = makeQueue()
    const item = put(test, 'que', newId())
    renameSync(`${test.path}/que/${item.raw}`, `${test.path}/elsewhere`)
    expect(moveToTrash(test.queue, item, S, using)).toEqual({ kind: 'gone' })
    expect(restoreFromTrash(test.queue, only(test), item, context)).toEqual({ kind: 'gone' })
  })
  it('asks for another removal where this one has that name from the same place', () => {
    const test = makeQueue()
    moveToTrash(test.queue, put(test, 'que', 'x'), S, using)
    expect(moveToTrash(test.queue, put(test, 'que', 'x'), S, using)).toEqual({ kind: 'taken' })
    expect(state(test, 'que')).toContain('x/msg=x')
  })
  it('may have a name of 255 bytes', () => {
    const test = makeQueue()
    expect(moveToTrash(test.queue, put(test, 'que', 'x'.repeat(255)), S, using)).toMatchObject({ kind: 'moved' })
  })
})

describe('where somebody drops what is empty just now', () => {
  it.each([
    ['with renameat2', native],
    ['without it', undefined],
  ])(
    '%s each item is removed, and brought back',
    async (_way, using) => {
      const test = makeQueue()
      const bucket = '20261122/1015'
      const dirs = [`_trash/${S}/done/${bucket}`, `_trash/${S}/done/20261122`, `_trash/${S}/done`, `_trash/${S}`]
      const dropped = [...dirs, `done/${bucket}`, 'done/20261122'].map((dir) => `${test.path}/${dir}`)
      // Never as fast as we are: who drops without a pause wins for ever.
      const rival = spawn('perl', [
        '-e',
        'for (;;) { rmdir $_ for @ARGV; select undef, undef, undef, rand 0.004 }',
        ...dropped,
      ])
      try {
        for (let n = 0; n < 200; n += 1) {
          const item = put(test, 'done', `item${n}`, bucket)
          expect(moveToTrash(test.queue, item, S, using)).toMatchObject({ kind: 'moved' })
          const restored = restoreFromTrash(test.queue, only(test), item, { newId, native: using })
          expect(restored).toMatchObject({ kind: 'moved' })
          renameSync(`${test.path}/done/${bucket}/item${n}`, `${test.path}/item${n}`)
        }
      } finally {
        rival.kill('SIGKILL')
      }
    },
    60_000,
  )
})

describe('a removal', () => {
  it('has the time of an id, and keeps its own six characters', () => {
    expect(removalOf(newId())).toMatch(/^20261122T101500\.123-[0-9a-z]{6}$/)
  })
  it('of an earlier version is listed, its places unknown', () => {
    const test = makeQueue()
    const name = 'trash-20261122T101500.123456-x7f2k9-report.csv'
    writeFileSync(`${test.path}/_tmp/${name}`, '')
    writeFileSync(`${test.path}/_tmp/edit-20261122T101500.123456-x7f2k9`, '')
    const removal = only(test)
    expect(removal).toMatchObject({ name, at: Date.parse('2026-11-22T10:15:00.123Z') })
    expect([...removedItems(removal)]).toEqual([])
  })
})
