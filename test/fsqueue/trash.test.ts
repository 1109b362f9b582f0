import { execFileSync } from 'node:child_process'
import {
  chmodSync, chownSync, existsSync, mkdirSync, renameSync, statSync, symlinkSync, writeFileSync,
} from 'node:fs' // biome-ignore format: one import
import { describe, expect, it } from 'vitest'
import type { State } from '../../src/domain/item.ts'
import { removeForGood } from '../../src/fsqueue/remove-tree.ts'
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

describe('a removal', () => {
  it('has the time of an id, and keeps its own six characters', () => {
    expect(removalOf(newId())).toMatch(/^20261122T101500\.123-[0-9a-z]{6}$/)
  })
  it('is removed for good in bounded steps, and no link is followed', () => {
    const test = makeQueue()
    mkdirSync(`${test.path}/kept`)
    writeFileSync(`${test.path}/kept/file`, '')
    for (let n = 0; n < 500; n += 1) moveToTrash(test.queue, put(test, 'que', `item${n}`), S)
    symlinkSync('../../../kept', `${test.path}/_trash/${S}/que/link`)
    const removal = only(test)
    let steps = 1
    while (!removeForGood(removal, 100)) {
      steps += 1
      if (steps === 4) expect([...removedItems(removal)].length).toBeGreaterThan(300)
    }
    // 500 directories with a file each, and the link: a thousand names.
    expect(steps).toBeGreaterThanOrEqual(10)
    expect(removals(test.queue)).toEqual([])
    expect(removeForGood(removal, 100)).toBe(true)
    expect(existsSync(`${test.path}/kept/file`)).toBe(true)
  })
  it('may be deeper than any path is long', () => {
    const test = makeQueue()
    const item = put(test, 'que', 'item')
    execFileSync(
      'sh',
      ['-c', 'i=0; while [ $i -lt 700 ]; do mkdir longlong && cd -P longlong && i=$((i+1)); done; : > file'],
      {
        cwd: `${test.path}/que/item`,
      },
    )
    moveToTrash(test.queue, item, S)
    const removal = only(test)
    for (let n = 0; n < 100 && !removeForGood(removal, 50); n += 1);
    expect(removals(test.queue)).toEqual([])
  })
  it.runIf(process.getuid?.() === 0)(
    'is taken from the user whose it was, who could put links into it meanwhile',
    () => {
      const test = makeQueue()
      const item = put(test, 'que', 'item')
      mkdirSync(`${test.path}/que/item/job`)
      for (const name of ['a', 'b', 'c']) writeFileSync(`${test.path}/que/item/job/${name}`, '')
      chownSync(`${test.path}/que/item/job`, 54_321, 54_321)
      chmodSync(`${test.path}/que/item/job`, 0o777)
      moveToTrash(test.queue, item, S)
      const removal = only(test)
      const job = `${removal.path}/que/item/job`
      let isTaken = false
      for (let n = 0; n < 20 && !isTaken && existsSync(job); n += 1) {
        removeForGood(removal, 1)
        isTaken = existsSync(job) && statSync(job).uid === 0 && (statSync(job).mode & 0o777) === 0o700
      }
      expect(isTaken).toBe(true)
    },
  )
  it('of an earlier version is listed, its places unknown, and can be removed', () => {
    const test = makeQueue()
    const name = 'trash-20261122T101500.123456-x7f2k9-report.csv'
    writeFileSync(`${test.path}/_tmp/${name}`, '')
    writeFileSync(`${test.path}/_tmp/edit-20261122T101500.123456-x7f2k9`, '')
    const removal = only(test)
    expect(removal).toMatchObject({ name, at: Date.parse('2026-11-22T10:15:00.123Z') })
    expect([...removedItems(removal)]).toEqual([])
    expect(removeForGood(removal, 1)).toBe(true)
    expect(state(test, '_tmp')).toEqual(['edit-20261122T101500.123456-x7f2k9='])
  })
})
