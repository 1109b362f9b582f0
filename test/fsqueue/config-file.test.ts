/** A config.json is replaced whole, or is what somebody else made of it meanwhile. */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type ConfigFile, readConfigBytes, replaceConfig } from '../../src/fsqueue/config-file.ts'
import { QueueIoError } from '../../src/fsqueue/errors.ts'
import { queueDir } from '../../src/fsqueue/place.ts'
import { loadNative, type Native } from '../../src/os/native.ts'
import { tempRoot } from '../helpers/daemon.ts'

const NEXT = Buffer.from('{"next":1}')

function queueWith(text?: string) {
  const path = tempRoot()
  if (text !== undefined) writeFileSync(join(path, 'config.json'), text)
  const queue = queueDir(path)
  return {
    path,
    read: () => readConfigBytes(queue),
    replace: (before: ConfigFile, native?: Native) => replaceConfig(queue, before, NEXT, 'nonce', native),
    text: (name = 'config.json') => readFileSync(join(path, name), 'utf8'),
  }
}

describe('what somebody else does between the reading and the rename', () => {
  it.each<[string, string | undefined, (path: string) => void, string | undefined]>([
    ['a file written in place', '{}', (file) => writeFileSync(file, '{"other":1}'), '{"other":1}'],
    ['a file put there, where none was', undefined, (file) => writeFileSync(file, '{"other":1}'), '{"other":1}'],
    ['a file taken away', '{}', (file) => renameSync(file, `${file}.away`), undefined],
  ])('%s stays as it is', async (_, text, act, after) => {
    const queue = queueWith(text)
    const before = queue.read()
    act(join(queue.path, 'config.json'))
    expect(await queue.replace(before)).toEqual({ kind: 'changed' })
    if (after === undefined) expect(existsSync(join(queue.path, 'config.json'))).toBe(false)
    else expect(queue.text()).toBe(after)
    expect(existsSync(join(queue.path, 'config.json~'))).toBe(false)
    expect(readdirSync(join(queue.path, '_tmp'))).toEqual([])
  })

  it('a link in its place is seen, and not followed', async () => {
    const queue = queueWith('{}')
    const before = queue.read()
    renameSync(join(queue.path, 'config.json'), join(queue.path, 'real'))
    symlinkSync('real', join(queue.path, 'config.json'))
    expect(await queue.replace(before)).toEqual({ kind: 'changed' })
    expect(queue.text('real')).toBe('{}')
  })

  it('the same text once more is no change', async () => {
    const queue = queueWith('{}')
    const before = queue.read()
    writeFileSync(join(queue.path, 'config.json'), '{}')
    expect(await queue.replace(before)).toEqual({ kind: 'replaced' })
    expect([queue.text(), queue.text('config.json~')]).toEqual([NEXT.toString(), '{}'])
  })
})

describe('what an editor renames into its place after the last look', async () => {
  const native = await loadNative()
  if (native === undefined) return it.skip('needs renameat2')
  /** Before each exchange somebody is faster, as long as there is something to say. */
  const hasty = (path: string, texts: string[]): Native => ({
    ...native,
    renameExchange: (one, other) => {
      const text = texts.shift()
      if (text !== undefined) {
        writeFileSync(join(path, 'config.json.new'), text)
        renameSync(join(path, 'config.json.new'), join(path, 'config.json'))
      }
      return native.renameExchange(one, other)
    },
  })

  it.each([[['first']], [['first', 'second']], [['first', 'second', 'third']]])('%j: the last stays', async (texts) => {
    const queue = queueWith('{}')
    expect(await queue.replace(queue.read(), hasty(queue.path, [...texts]))).toEqual({ kind: 'changed' })
    expect(queue.text()).toBe(texts.at(-1))
    expect(readdirSync(join(queue.path, '_tmp'))).toEqual([])
  })

  it('nothing: the new one is there, and the old one beside it', async () => {
    const queue = queueWith('{}')
    expect(await queue.replace(queue.read(), native)).toEqual({ kind: 'replaced' })
    expect([queue.text(), queue.text('config.json~')]).toEqual([NEXT.toString(), '{}'])
    expect(readdirSync(join(queue.path, '_tmp'))).toEqual([])
  })

  it('where the file system knows no exchange, it is replaced all the same', async () => {
    const queue = queueWith('{}')
    const EINVAL = 22
    expect(await queue.replace(queue.read(), { ...native, renameExchange: () => EINVAL })).toEqual({ kind: 'replaced' })
    expect(queue.text()).toBe(NEXT.toString())
  })
})

it('what an earlier call left in _tmp when it was killed is in nobody’s way', async () => {
  const queue = queueWith('{}')
  mkdirSync(join(queue.path, '_tmp'))
  for (const name of ['config-nonce', 'config-nonce~']) writeFileSync(join(queue.path, '_tmp', name), 'torn')
  expect(await queue.replace(queue.read())).toEqual({ kind: 'replaced' })
  expect(queue.text()).toBe(NEXT.toString())
})

it('a _tmp that is a link leads nowhere', async () => {
  const queue = queueWith('{}')
  const elsewhere = tempRoot()
  symlinkSync(elsewhere, join(queue.path, '_tmp'))
  await expect(queue.replace(queue.read())).rejects.toThrow(QueueIoError)
  expect(readdirSync(elsewhere)).toEqual([])
})

it.each<[string, (path: string) => void, string]>([
  ['a directory', (path) => mkdirSync(path), 'is not a regular file'],
  ['a link', (path) => symlinkSync('/etc/hostname', path), 'is a symbolic link'],
  ['a large file', (path) => writeFileSync(path, ' '.repeat(1024 * 1024 + 1)), 'is larger than'],
])('%s is not read', (_, make, why) => {
  const queue = queueWith()
  make(join(queue.path, 'config.json'))
  expect(queue.read()).toMatchObject({ kind: 'refused', why: expect.stringContaining(why) })
})
