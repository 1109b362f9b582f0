import { describe, expect, it } from 'vitest'
import type { ItemId, RawName } from '../../src/domain/name.ts'
import { QueueIoError } from '../../src/fsqueue/errors.ts'
import { Rounds } from '../../src/worker/rounds.ts'
import type { Ended } from '../../src/worker/run.ts'
import { until } from '../helpers/until.ts'

function ended(id: string): Ended {
  const run = { id: id as ItemId, name: id as RawName, msg: {}, attempt: 1, spent: 0, started: undefined }
  return { ...run, outcome: { kind: 'exited', code: 0 } }
}

/** Rounds in which those of `bad` cannot be settled, and a record of the groups. */
function roundsWith(bad: Set<string>, code: string) {
  const groups: string[] = []
  const settled = new Set<ItemId>()
  const rounds = new Rounds(
    async (group) => {
      groups.push(group.map(({ id }) => id).join(' '))
      await Promise.resolve()
      if (group.some(({ id }) => bad.has(id))) throw new QueueIoError('move', 'x', Object.assign(new Error(), { code }))
      for (const { id } of group) settled.add(id)
    },
    (group) => group.filter(({ id }) => !settled.has(id)),
  )
  return { rounds, groups, settled }
}

describe('what ended', () => {
  it('while a round was under way shares the next one', async () => {
    const { rounds, groups } = roundsWith(new Set(), 'EBUSY')
    for (const id of ['a', 'b', 'c']) rounds.add(ended(id))
    await until(() => groups.length === 2)
    expect(groups).toEqual(['a', 'b c'])
  })

  it('beside one that cannot be settled is settled at once, by itself', async () => {
    const { rounds, groups, settled } = roundsWith(new Set(['b']), 'EBUSY')
    for (const id of ['a', 'b', 'c', 'd']) rounds.add(ended(id))
    await until(() => settled.size === 3)
    expect(groups).toEqual(['a', 'b c d', 'b', 'c', 'd'].slice(0, groups.length))
  })

  it('after one that cannot be settled does not wait until that is tried again', async () => {
    const bad = new Set(['bad'])
    const { rounds, groups, settled } = roundsWith(bad, 'EBUSY')
    rounds.add(ended('bad'))
    await rounds.flush()
    rounds.add(ended('a'))
    await rounds.flush()
    rounds.add(ended('b'))
    await rounds.flush()
    expect(groups).toEqual(['bad', 'a', 'b'])
    bad.clear()
    await until(() => settled.has('bad' as ItemId))
    expect(groups).toEqual(['bad', 'a', 'b', 'bad'])
  })

  it('among others that never cease has its turn all the same', async () => {
    const { rounds, settled } = roundsWith(new Set(['bad']), 'EBUSY')
    const news = { made: 0, isWanted: true }
    const onImmediate = () => {
      rounds.add(ended(`new${news.made++}`))
      if (news.isWanted) setImmediate(onImmediate)
    }
    for (const id of ['a', 'bad', 'c', 'd']) rounds.add(ended(id))
    onImmediate()
    try {
      await until(() => settled.has('c' as ItemId) && settled.has('d' as ItemId))
    } finally {
      news.isWanted = false
    }
  })

  it('is tried one by one, and not in a hot loop, while the disk refuses all', async () => {
    const bad = new Set(['a', 'b', 'c'])
    const { rounds, groups, settled } = roundsWith(bad, 'ENOSPC')
    for (const id of bad) rounds.add(ended(id))
    await until(() => groups.length === 3)
    expect(groups).toEqual(['a', 'b c', 'a'])
    bad.clear()
    await until(() => settled.size === 3)
    expect(groups.slice(3)).toEqual(['b', 'c', 'a'])
  })
})
