/** Attachments as streams, the way a server gets them: they may break off, lie, never end, and be larger than memory. */
import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import type { RawName } from '../../src/domain/name.ts'
import { attachStream } from '../../src/service/attach-stream.ts'
import { commitDraft } from '../../src/service/commit.ts'
import { injectParts, type Part } from '../../src/service/inject-parts.ts'
import { draft } from '../../src/service/prep.ts'
import { contextOf } from '../helpers/context.ts'
import { BIN } from '../helpers/daemon.ts'
import { addHook } from '../helpers/hooks.ts'
import { contents, namesIn, rootWithQueue, rq, runProgram } from '../helpers/rq.ts'
import { until } from '../helpers/until.ts'

const ID = '20261122T101500.123456-x7f2k9'

function named(text: string): RawName {
  return text as RawName
}

async function drafted(root: string): Promise<string> {
  const { value } = await draft(contextOf(root), 'q', { msg: { param1: 'x' } })
  return value?.id ?? '?'
}

async function* brokenOff(): AsyncGenerator<Uint8Array> {
  yield Buffer.from('begun')
  await new Promise((resolve) => setImmediate(resolve))
  throw new Error('the other end is gone')
}

describe('a stream', () => {
  it('is attached with its digests, if it is what it was said to be', async () => {
    const { root, queue } = rootWithQueue()
    const id = await drafted(root)
    const sha256 = createHash('sha256').update('text').digest('hex')
    const md5 = createHash('md5').update('text').digest('hex')
    const put = (expected: object) =>
      attachStream(contextOf(root), id, named('f'), Readable.from([Buffer.from('te'), 'xt']), expected)
    for (const wrong of [{ size: 5 }, { sha256: md5 }, { md5: sha256 }]) {
      expect((await put(wrong)).problems).toMatchObject([
        { kind: 'failed', text: expect.stringContaining('not attached') },
      ])
      expect([namesIn(queue, 'prep'), namesIn(queue, `prep/${id}`)]).toEqual([[id], ['msg']])
    }
    expect(await put({ size: 4, sha256, md5 })).toEqual({
      value: { queue: 'q', id, name: 'f', size: 4, sha256, md5, existed: false },
      problems: [],
    })
  })
  it('that breaks off leaves nothing behind', async () => {
    const { root, queue } = rootWithQueue()
    const id = await drafted(root)
    const stream = Readable.from(brokenOff())
    const answer = await attachStream(contextOf(root), id, named('f'), stream)
    expect(answer.problems).toMatchObject([{ kind: 'failed', text: expect.stringContaining('the other end is gone') }])
    const aborted = new Readable({ read: () => undefined })
    aborted.push('begun')
    setImmediate(() => aborted.destroy())
    expect((await attachStream(contextOf(root), id, named('f'), aborted)).problems).toMatchObject([{ kind: 'failed' }])
    expect([namesIn(queue, 'prep'), namesIn(queue, `prep/${id}`)]).toEqual([[id], ['msg']])
  })
  it('that never ends is given up when its caller is', async () => {
    const { root, queue } = rootWithQueue()
    const id = await drafted(root)
    const caller = new AbortController()
    const silent = new Readable({ read: () => undefined })
    const attaching = attachStream(contextOf(root, caller.signal), id, named('f'), silent)
    await until(() => namesIn(queue, 'prep').length === 2, 10_000, 'it is being gathered')
    // Of a draft that is committed meanwhile the item has nothing of it.
    await commitDraft(contextOf(root), id)
    caller.abort()
    expect((await attaching).problems).toMatchObject([{ text: expect.stringContaining('interrupted') }])
    expect(namesIn(queue, 'prep')).toEqual([])
    expect(namesIn(queue, `que/${id}`)).toEqual(['msg'])
  })
  it('of a draft that is committed or removed meanwhile comes too late', async () => {
    const { root, queue } = rootWithQueue()
    for (const end of ['commit', 'rm']) {
      const id = await drafted(root)
      const slow = new Readable({ read: () => undefined })
      slow.push('x')
      const attaching = attachStream(contextOf(root), id, named('f'), slow)
      await until(() => namesIn(queue, 'prep').length === 2, 10_000, 'it is being gathered')
      await rq(root, [end, id])
      slow.push(null)
      expect((await attaching).problems).toMatchObject([
        { kind: 'not-found', text: expect.stringContaining('meanwhile') },
      ])
      expect(namesIn(queue, 'prep')).toEqual([])
    }
  })
  it('of the same name twice at once is one of them', async () => {
    const { root, queue } = rootWithQueue()
    const id = await drafted(root)
    const texts = Array.from({ length: 10 }, (_, at) => `text ${at}`)
    const answers = await Promise.all(
      texts.map((text) => attachStream(contextOf(root), id, named('f'), Readable.from([text]))),
    )
    const won = answers.findIndex(({ value }) => value !== undefined)
    expect(answers.filter(({ value }) => value !== undefined)).toHaveLength(1)
    expect(contents(join(queue, 'prep', id))).toMatchObject({ attach: { f: texts[won] } })
    expect(namesIn(queue, 'prep')).toEqual([id])
  })
  it('of hundreds of megabytes needs little memory', async () => {
    const { root, queue } = rootWithQueue()
    const id = await drafted(root)
    const script = `head -c 400000000 /dev/zero | "$0" "$@"`
    const peak = join(root, 'peak')
    // The program itself says at its end how much it ever held.
    const say = `process.on('exit', () => require('node:fs').writeFileSync(${JSON.stringify(peak)}, String(process.resourceUsage().maxRSS)))`
    const hook = join(root, 'peak.cjs')
    writeFileSync(hook, say)
    const said = await runProgram(
      'sh',
      ['-c', script, process.execPath, '--require', hook, BIN.rq, 'attach', id, '-', '--name', 'zeros'],
      { env: { RQ_ROOT: root } },
    )
    expect(said).toMatchObject({ stdout: expect.stringMatching(/^zeros 400000000 /) })
    const kilobytes = Number(contents(peak))
    expect(kilobytes).toBeGreaterThan(10_000)
    expect(kilobytes).toBeLessThan(150_000)
    expect(namesIn(queue, 'prep')).toEqual([id])
  })
})

async function* parts(...given: readonly (readonly [string, Readable])[]): AsyncGenerator<Part> {
  for (const [name, stream] of given) yield { name: named(name), stream }
}

describe('an item with parts', () => {
  it('is published with all of them, once for an id', async () => {
    const { root, queue } = rootWithQueue()
    const wish = { id: ID as never, msg: { param1: 'x' }, tags: ['eu'] }
    const all = () => parts(['a', Readable.from(['one'])], ['b', Readable.from([])])
    const { value, problems } = await injectParts(contextOf(root), 'q', wish, all())
    expect(problems).toEqual([])
    expect(value).toMatchObject({
      queue: 'q',
      id: ID,
      existed: false,
      attachments: [
        { name: 'a', size: 3 },
        { name: 'b', size: 0 },
      ],
    })
    expect(contents(join(queue, 'que', `${ID},+eu`))).toMatchObject({ attach: { a: 'one', b: '' } })
    expect((await injectParts(contextOf(root), 'q', wish, all())).value).toMatchObject({
      existed: true,
      attachments: [
        { name: 'a', size: 3, existed: true },
        { name: 'b', size: 0 },
      ],
    })
    expect([namesIn(queue, 'prep'), namesIn(queue, 'que')]).toEqual([[], [`${ID},+eu`]])
  })
  const TROUBLE: readonly (readonly [string, () => AsyncIterable<Part>, string])[] = [
    ['a part breaks off', () => parts(['a', Readable.from(['one'])], ['b', Readable.from(brokenOff())]), 'broke off'],
    ['a name leads out', () => parts(['a', Readable.from(['one'])], ['../b', Readable.from(['x'])]), 'no "/"'],
    [
      'a name comes twice',
      () => parts(['a', Readable.from(['one'])], ['a', Readable.from(['one'])]),
      'two attachments',
    ],
    ['the request breaks off between two parts', () => failing(), 'the parts broke off'],
  ]
  it.each(TROUBLE)('is not there at all when %s', async (_what, given, says) => {
    const { root, queue } = rootWithQueue()
    const { value, problems } = await injectParts(contextOf(root), 'q', {}, given())
    expect(value).toBeUndefined()
    expect(problems).toMatchObject([{ text: expect.stringContaining(says) }])
    expect([...namesIn(queue, 'prep'), ...namesIn(queue, 'que')]).toEqual([])
  })
  it('is not there when the hook refuses it', async () => {
    const { root, queue } = rootWithQueue()
    addHook(queue, 'enqueue', 'echo "not today" >&2; exit 1')
    const { problems } = await injectParts(contextOf(root), 'q', {}, parts(['a', Readable.from(['one'])]))
    expect(problems).toMatchObject([{ kind: 'failed', text: expect.stringContaining('not today') }])
    expect([...namesIn(queue, 'prep'), ...namesIn(queue, 'que')]).toEqual([])
  })
  it('that was cut short by a death is completed by its repetition', async () => {
    const { root, queue } = rootWithQueue()
    await rq(root, ['prep', 'q', '--id', ID])
    await rq(root, ['attach', ID, '-', '--name', 'a'], { input: 'one' })
    const { value } = await injectParts(
      contextOf(root),
      'q',
      { id: ID as never },
      parts(['a', Readable.from(['one'])], ['b', Readable.from(['two'])]),
    )
    expect(value).toMatchObject({ id: ID, attachments: [{ existed: true }, { existed: false }] })
    expect(contents(join(queue, 'que', ID))).toMatchObject({ attach: { a: 'one', b: 'two' } })
  })
})

async function* failing(): AsyncGenerator<Part> {
  yield { name: named('a'), stream: Readable.from(['one']) }
  throw new Error('ECONNRESET')
}
