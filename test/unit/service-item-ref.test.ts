import { describe, expect, it } from 'vitest'
import type { RawName } from '../../src/domain/name.ts'
import { callName, matcher, spell } from '../../src/service/item-ref.ts'

const ID = '20261122T101500.123456-x7f2k9-report.csv'

describe('an item is meant', () => {
  it.each([
    ['by its id', ID, ID, 'exact'],
    ['by its id, whatever follows it in the name', ID, `${ID},p1,t99,+tag`, 'exact'],
    ['by the id of a message', '20261122T101500.123456-x7f2k9', '20261122T101500.123456-x7f2k9.msg,p0', 'exact'],
    ['by its six random characters', 'x7f2k9', ID, 'exact'],
    ['by a part of its id', '101500.1234', ID, 'part'],
    ['by the name that it was dropped with', 'report.csv', ID, 'part'],
    ['not by too short a part', 'x7f', ID, 'none'],
    ['not by another id', '20261122T101500.123456-x7f2k8', ID, 'none'],
    ['not by what stands in its suffixes', 'somewhere', `${ID},+somewhere`, 'none'],
    ['by a dropped name', 'a b.csv', 'a b.csv', 'exact'],
    ['by a dropped name without its suffixes', 'a b.csv', 'a b.csv,p1', 'exact'],
    ['by a short dropped name', 'a', 'a', 'exact'],
    ['by how a name that is no UTF-8 is shown', 'caf%E9', 'caf\xe9', 'exact'],
    ['by the very bytes of it', 'caf\udce9', 'caf\xe9', 'exact'],
    ['by how a name with a newline is shown', 'a%0Ab', 'a\nb', 'exact'],
    ['by that very name', 'a\nb', 'a\nb', 'exact'],
  ] as const)('%s', (_how, ref, name, match) => {
    expect(matcher(ref)(name as string as RawName)).toBe(match)
  })
})

describe('a name is spelled', () => {
  it.each([
    ['plain.txt', 'plain.txt'],
    ['100%', '100%'],
    ['caf\xc3\xa9', 'café'],
    ['caf\xe9', 'caf%E9'],
    ['a\nb%', 'a%0Ab%25'],
    ['\x1b[31mred', '%1B[31mred'],
    ['\xe2\x80\xaeevil', '%E2%80%AEevil'],
  ])('%j as %j', (name, spelled) => {
    expect(spell(name as RawName)).toBe(spelled)
  })
  it('of an item, as its id', () => {
    expect(callName(`${ID},p1` as RawName)).toBe(ID)
    expect(callName('a\tb,p1' as RawName)).toBe('a%09b')
  })
})
