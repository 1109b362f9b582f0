/** An item whose id and name are known is found in every state, and no farther away than was asked for. */
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { KeyEntry } from '../../src/domain/keys.ts'
import { parseItemId } from '../../src/domain/name.ts'
import { isSpent } from '../../src/fsqueue/key-files.ts'
import { queueDir } from '../../src/fsqueue/place.ts'
import { isOpen, whereabouts } from '../../src/fsqueue/whereabouts.ts'

const ID = '20261122T101500.123456-x7f2k9-s'
const NAME = `${ID}.msg,p2,t1795342500,+x`
const CLAIMED = `${ID},p2,+x`
const NOW = Date.parse('2026-11-23T00:00Z')
const DAY = 86_400_000

let home = ''
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'rqd-where-'))
})
afterEach(() => rmSync(home, { recursive: true }))

function item() {
  const id = parseItemId(ID)
  if (id === undefined) throw new Error('no id')
  return { id, name: NAME }
}

function put(path: string): void {
  mkdirSync(dirname(join(home, path)), { recursive: true })
  writeFileSync(join(home, path), '')
}

const state = (care: 'quick' | 'named' | 'thorough') => whereabouts(queueDir(home), item(), NOW, care)?.state

describe('an item', () => {
  it.each([
    [`que/${NAME}`, 'que'],
    [`pause/${NAME}`, 'pause'],
    [`pause/${CLAIMED}`, 'pause'],
    [`run/${CLAIMED}`, 'run'],
    [`_err/${CLAIMED}`, '_err'],
  ] as const)('that lies at %s is found at a look', (path, expected) => {
    put(path)
    expect([state('quick'), state('named'), state('thorough')]).toEqual([expected, expected, expected])
  })
  it.each(['done', 'relayed'] as const)('that ended is found in %s by its name, from its own minute on', (ended) => {
    put(`${ended}/20261122/1014/${CLAIMED}`)
    expect(state('named')).toBeUndefined()
    renameSync(join(home, ended, '20261122/1014'), join(home, ended, '20261122/1730'))
    expect([state('quick'), state('named')]).toEqual([undefined, ended])
  })
  it('that somebody renamed is found by listing', () => {
    put(`que/${ID},t99999999999`)
    expect([state('quick'), state('named'), state('thorough')]).toEqual([undefined, undefined, 'que'])
    expect(isOpen(whereabouts(queueDir(home), item(), NOW, 'thorough'))).toBe(true)
  })
  it('that is nowhere is not found', () => {
    put('que/20261122T101500.123456-x7f2k9')
    expect(state('thorough')).toBeUndefined()
  })
})

describe('the entry of a key', () => {
  const spent = (until: number) => {
    const entry: KeyEntry = { ...item(), key: 'k', at: 0, until }
    return isSpent(queueDir(home), entry, NOW)
  }
  it('is of use while its window lasts, and while its item waits or runs', () => {
    put(`done/20261122/1015/${CLAIMED}`)
    expect([spent(NOW + 1), spent(NOW)]).toEqual([false, true])
    put(`run/${CLAIMED}`)
    expect([spent(NOW), spent(NOW - 9 * DAY)]).toEqual([false, false])
  })
  it('whose item is nowhere is kept for a day: it may bear another name', () => {
    expect([spent(NOW - 1), spent(NOW - DAY)]).toEqual([false, true])
  })
})
