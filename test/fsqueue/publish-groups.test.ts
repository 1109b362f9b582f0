/** Groups of which a part goes wrong. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { RawName } from '../../src/domain/name.ts'
import { QueueIoError } from '../../src/fsqueue/errors.ts'
import { moveItem } from '../../src/fsqueue/move.ts'
import { type BytePath, queueDir, toBytes } from '../../src/fsqueue/place.ts'
import { type Draft, OutcomeUnknown, publish } from '../../src/fsqueue/publish.ts'
import type { Syncer } from '../../src/fsqueue/sync.ts'
import type { Native } from '../../src/os/native.ts'
import { drop, makeQueue, NOW, newId, raw, state } from './support.ts'

const NO_SYNC: Syncer = { sync: async () => undefined, syncGroup: async () => undefined }

function copyOf(path: string): Draft {
  return {
    id: newId(),
    msg: undefined,
    attach: [{ name: raw('payload'), source: { kind: 'copy', path: toBytes(path) as BytePath } }],
  }
}

describe('a group with a source that cannot be read', () => {
  it('is published without it, if the caller wants to know', async () => {
    const test = makeQueue()
    writeFileSync(join(test.path, 'a'), 'x')
    const [good, bad, also] = [
      copyOf(join(test.path, 'a')),
      copyOf(join(test.path, 'none')),
      copyOf(join(test.path, 'a')),
    ]
    const told: [Draft, string][] = []
    const onUnreadable = (draft: Draft, error: QueueIoError) => told.push([draft, error.code])
    const published = await publish(test.queue, [good, bad, also], NO_SYNC, undefined, { onUnreadable })
    expect(published.map(({ id }) => id)).toEqual([good.id, also.id])
    expect(told).toEqual([[bad, 'ENOENT']])
    expect(state(test, 'prep')).toEqual([])
  })
  it('is not published at all otherwise', async () => {
    const test = makeQueue()
    writeFileSync(join(test.path, 'a'), 'x')
    const drafts = [copyOf(join(test.path, 'a')), copyOf(join(test.path, 'none'))]
    await expect(publish(test.queue, drafts, NO_SYNC)).rejects.toThrow(QueueIoError)
    expect([state(test, 'que'), state(test, 'prep')]).toEqual([[], []])
  })
})

describe('a group whose renames fail half-way', () => {
  it('has an unknown outcome, for what may be visible and nothing else', async () => {
    const test = makeQueue()
    const drafts = Array.from({ length: 3 }, (): Draft => ({ id: newId(), msg: {}, attach: [] }))
    let calls = 0
    // The second rename is refused, and the plain way finds que/ gone.
    const native: Native = {
      syncfs: async () => undefined,
      isOpenForWriting: () => undefined,
      renameExchange: () => 22,
      renameNoReplace: () => {
        calls += 1
        if (calls > 1) rmSync(join(test.path, 'que'), { recursive: true })
        return calls > 1 ? 28 : 0
      },
    }
    const failure = await publish(test.queue, drafts, NO_SYNC, native).catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(OutcomeUnknown)
    expect(failure).toMatchObject({ ids: drafts.slice(0, 2).map(({ id }) => id) })
  })
})

describe('what an earlier life left half built', () => {
  it('is not in the way of the same id', async () => {
    const test = makeQueue()
    const draft: Draft = { id: newId(), msg: {}, attach: [] }
    for (const name of [draft.id, `${draft.id}.msg`]) mkdirSync(join(test.path, 'prep', name))
    expect(await publish(test.queue, [draft], NO_SYNC)).toMatchObject([{ kind: 'published' }])
  })
})

describe('an item moved to another queue', () => {
  it('goes there by one rename, over nothing', () => {
    const [here, there] = [makeQueue(), makeQueue()]
    const name = drop(here, 'a.txt', 'mine')
    drop(there, 'a.txt', 'theirs')
    const at = { state: 'que', raw: name, bucket: undefined } as const
    const moved = moveItem(here.queue, at, { state: 'que' }, { now: NOW, newId, to: queueDir(there.path) })
    expect(moved).toMatchObject({ kind: 'moved', at: { state: 'que' } })
    const fresh = moved.kind === 'moved' ? moved.at.raw : ('' as RawName)
    expect(fresh).toMatch(/-a\.txt$/)
    expect(state(there, 'que')).toEqual([`${fresh}=mine`, 'a.txt=theirs'])
    expect(state(here, 'que')).toEqual([])
  })
})
