import { existsSync, mkdirSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parseItemName, type RawName } from '../../src/domain/name.ts'
import { QueueIoError } from '../../src/fsqueue/errors.ts'
import { type BytePath, toBytes } from '../../src/fsqueue/place.ts'
import { type Draft, OutcomeUnknown, publish, type Source } from '../../src/fsqueue/publish.ts'
import type { Syncer } from '../../src/fsqueue/sync.ts'
import { loadNative } from '../../src/os/native.ts'
import { claimNow, makeQueue, mkfifo, newId, raw, state, type TestQueue, won } from './support.ts'

const native = await loadNative()

const data = (text: string): Source => ({ kind: 'data', data: Buffer.from(text) })
const from = (kind: 'copy' | 'link', path: string): Source => ({ kind, path: toBytes(path) as BytePath })

/** Remembers what lay in que/ at each round, and fails in the round that it is told to. */
function rounds(
  test: TestQueue,
  failing?: number,
): Syncer & { readonly seen: { paths: readonly string[]; que: number }[] } {
  const seen: { paths: readonly string[]; que: number }[] = []
  const sync = async (paths: readonly BytePath[]) => {
    seen.push({ paths: paths.map((path) => path.slice(test.path.length)), que: readdirSync(`${test.path}/que`).length })
    if (seen.length === failing) throw new QueueIoError('fsync', 'x', Object.assign(new Error('io'), { code: 'EIO' }))
  }
  return { seen, sync, syncGroup: (_size, paths) => sync(paths()) }
}

function draft(change: Partial<Draft> = {}): Draft {
  return { id: newId(), msg: undefined, attach: [{ name: raw('payload'), source: data('x') }], ...change }
}

async function failureOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => undefined,
    (error: unknown) => error,
  )
}

describe('a published item', () => {
  it('is a plain file when it has one attachment and no message', async () => {
    const test = makeQueue()
    const one = draft({ priority: 1, due: 77, tags: ['a'] })
    const [published] = await publish(test.queue, [one], rounds(test), native)
    expect(published).toEqual({ id: one.id, name: `${one.id},p1,t77,+a`, kind: 'published' })
    expect(state(test, 'que')).toEqual([`${one.id},p1,t77,+a=x`])
    expect(state(test, 'prep')).toEqual([])
  })
  it('is a message when it has no attachment', async () => {
    const test = makeQueue()
    const one = draft({ attach: [], msg: { param1: 'a' }, priority: 0 })
    await publish(test.queue, [one], rounds(test), native)
    expect(won(test, raw(`${one.id}.msg,p0`))).toMatchObject({ id: one.id, msg: { param1: 'a' } })
  })
  it('is a directory when it has both', async () => {
    const test = makeQueue()
    const attach = ['a', 'caf\xe9'].map((name) => ({ name: name as RawName, source: data(name) }))
    const one = draft({ msg: {}, attach })
    await publish(test.queue, [one], rounds(test), native)
    expect(won(test, one.id as string as RawName)).toMatchObject({
      id: one.id,
      attachments: ['a', 'caf\xe9'],
      refusal: undefined,
    })
  })
  it('is a copy of a file, or the file itself', async () => {
    const test = makeQueue()
    writeFileSync(`${test.path}/source`, 'data')
    const [copy, link] = (['copy', 'link'] as const).map((kind) =>
      draft({ attach: [{ name: raw('x'), source: from(kind, `${test.path}/source`) }] }),
    )
    if (copy === undefined || link === undefined) throw new Error('no drafts')
    await publish(test.queue, [copy, link], rounds(test), native)
    const inode = statSync(`${test.path}/source`).ino
    expect(statSync(`${test.path}/que/${copy.id}`).ino).not.toBe(inode)
    expect(statSync(`${test.path}/que/${link.id}`).ino).toBe(inode)
  })
})

describe('publishing', () => {
  it('puts everything on the disk before a name appears, and then the names', async () => {
    const test = makeQueue()
    const syncer = rounds(test)
    const drafts = [draft(), draft({ msg: {} })]
    await publish(test.queue, drafts, syncer, native)
    const [before, after] = syncer.seen
    expect(syncer.seen).toHaveLength(2)
    expect(before?.que).toBe(0)
    for (const one of ['/prep', `/prep/${drafts[0]?.id}`, `/prep/${drafts[1]?.id}`, '/attach/payload', '/msg'])
      expect(before?.paths.some((path) => path.startsWith(one) || path.endsWith(one))).toBe(true)
    expect(after).toEqual({ que: 2, paths: ['/que', '/prep'] })
  })
  it('leaves nothing when the disk refuses before a name appeared', async () => {
    const test = makeQueue()
    const failure = await failureOf(publish(test.queue, [draft(), draft({ msg: {} })], rounds(test, 1), native))
    expect(failure).toBeInstanceOf(QueueIoError)
    expect([state(test, 'prep'), state(test, 'que')]).toEqual([[], []])
  })
  it('says that it does not know when the disk refuses after the names appeared', async () => {
    const test = makeQueue()
    const drafts = [draft(), draft()]
    const failure = await failureOf(publish(test.queue, drafts, rounds(test, 2), native))
    expect(failure).toBeInstanceOf(OutcomeUnknown)
    expect(failure).toMatchObject({ ids: drafts.map(({ id }) => id) })
    expect(readdirSync(`${test.path}/que`)).toHaveLength(2)
  })
  it('may be repeated with the same ids: nothing is there twice, nothing is overwritten', async () => {
    const test = makeQueue()
    const drafts = [draft(), draft({ msg: {} }), draft({ msg: {}, attach: [] })]
    await publish(test.queue, drafts, rounds(test), native)
    const before = state(test, 'que')
    const changed = drafts.map((one) => ({ ...one, msg: one.msg && { param1: 'other' } }))
    const again = await publish(test.queue, changed, rounds(test), native)
    expect(again.map(({ kind }) => kind)).toEqual(['taken', 'taken', 'taken'])
    expect(state(test, 'que')).toEqual(before)
    expect(state(test, 'prep')).toEqual([])
  })
  it.each([undefined, native])('takes no name from an empty directory (%#)', async (using) => {
    const test = makeQueue()
    const one = draft({ msg: {} })
    mkdirSync(`${test.path}/que/${one.id}`)
    expect(await publish(test.queue, [one], rounds(test), using)).toMatchObject([{ kind: 'taken' }])
    expect(state(test, 'que')).toEqual([`${one.id}/`])
  })
  it('is not hindered by what an earlier life left half built, and does not touch it', async () => {
    const test = makeQueue()
    const one = draft({ msg: {} })
    mkdirSync(`${test.path}/prep/${one.id}`)
    writeFileSync(`${test.path}/prep/${one.id}/msg`, 'theirs')
    expect(await publish(test.queue, [one], rounds(test), native)).toMatchObject([{ kind: 'published' }])
    expect(state(test, 'prep')).toEqual([`${one.id}/`, `${one.id}/msg=theirs`])
  })
  it('into a queue whose que/ is missing is an error', async () => {
    const test = makeQueue()
    rmSync(`${test.path}/que`, { recursive: true })
    const syncer = { sync: async () => undefined, syncGroup: async () => undefined }
    expect(await failureOf(publish(test.queue, [draft()], syncer, native))).toMatchObject({ code: 'ENOENT' })
  })
})

describe('a source', () => {
  it.each<[sentence: string, make: (path: string) => void, code: string]>([
    ['that is not there', () => undefined, 'ENOENT'],
    ['that is a directory', (path) => mkdirSync(path), 'EINVAL'],
    ['that is a FIFO, which is not waited for', mkfifo, 'EINVAL'],
    ['that is a dangling link', (path) => symlinkSync('nowhere', path), 'ENOENT'],
  ])('%s is a problem of the source, and leaves nothing', async (_sentence, make, code) => {
    const test = makeQueue()
    make(`${test.path}/source`)
    const bad = draft({ attach: [{ name: raw('x'), source: from('copy', `${test.path}/source`) }] })
    const failure = await failureOf(publish(test.queue, [draft(), bad], rounds(test), native))
    expect(failure).toMatchObject({ name: 'QueueIoError', code })
    expect([state(test, 'prep'), state(test, 'que')]).toEqual([[], []])
  })
  it('that cannot be read keeps no other from being published, where that was asked for', async () => {
    const test = makeQueue()
    const [first, bad, last] = [
      draft(),
      draft({ attach: [{ name: raw('x'), source: from('copy', '/nowhere') }] }),
      draft(),
    ]
    const unread: string[] = []
    const onUnreadable = (one: Draft) => unread.push(one.id)
    const published = await publish(test.queue, [first, bad, last], rounds(test), native, { onUnreadable })
    expect(published.map(({ id }) => id)).toEqual([first.id, last.id])
    expect(unread).toEqual([bad.id])
    expect(state(test, 'prep')).toEqual([])
  })
  it('with an attachment twice of the same name is a problem of the draft, and stops the group', async () => {
    const test = makeQueue()
    const attach = ['1', '2'].map((text) => ({ name: raw('x'), source: data(text) }))
    const failure = await failureOf(
      publish(test.queue, [draft(), draft({ attach })], rounds(test), native, { onUnreadable: () => undefined }),
    )
    expect(failure).toMatchObject({ code: 'EEXIST' })
    expect([state(test, 'prep'), state(test, 'que')]).toEqual([[], []])
  })
})

it('what was published can be claimed, with all that its name says', async () => {
  const test = makeQueue()
  const drafts = [draft({ priority: 9 }), draft({ msg: { name: 'x' }, tags: ['t'] }), draft({ msg: {}, attach: [] })]
  for (const { name, id } of await publish(test.queue, drafts, rounds(test), native)) {
    const claimed = claimNow(test, name)
    expect(claimed).toMatchObject({ kind: 'won', item: { id, refusal: undefined } })
    expect(claimed.kind === 'won' && parseItemName(claimed.item.name).priority).toBe(parseItemName(name).priority)
  }
  expect(existsSync(`${test.path}/que/x`)).toBe(false)
})
