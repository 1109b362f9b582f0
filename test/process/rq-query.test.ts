/** `rq ls` with queries: what is found, in which order, and how much is looked at for it. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { BIN, makeQueue } from '../helpers/daemon.ts'
import { rootWithQueue, rq, runProgram } from '../helpers/rq.ts'

function idOf(n: number, random = 'x7f2k9'): string {
  return `20261122T101500.${String(n).padStart(6, '0')}-${random}`
}

function drop(queue: string, name: string, text = 'payload', state = 'que'): void {
  mkdirSync(join(queue, state), { recursive: true })
  writeFileSync(join(queue, state, name), text)
}

async function ids(root: string, ...args: string[]): Promise<readonly string[]> {
  const said = await rq(root, ['ls', '--ids', ...args])
  expect(said.code).toBe(0)
  return said.lines
}

describe('rq ls with a query', () => {
  it.each<[string, readonly string[]]>([
    ['tag:eu', [idOf(1)]],
    ['-tag:eu que', [idOf(2), idOf(3)]],
    ['priority:0..3', [idOf(2)]],
    ['name:*x7f2k9 !tag:eu', [idOf(2)]],
    ['param.user=7', [idOf(3)]],
    ['param1:a*', [idOf(3)]],
    ['text:bob', [idOf(3)]],
    ['exit:1', [idOf(4, 'ffffff')]],
    ['text:"timed out" cause:lost', [idOf(4, 'ffffff')]],
    ['attempts>1', [idOf(4, 'ffffff')]],
    ['content~/^pay.oad$/ que', [idOf(1), idOf(2)]],
    ['log:"segfault"', [idOf(4, 'ffffff')]],
    ['size>6 (tag:eu | priority:0)', [idOf(1), idOf(2)]],
    ['age>1h', []],
    ['age<1h failed', [idOf(4, 'ffffff')]],
    ['state:done', [idOf(5)]],
    ['created>2026-11-22T10:15Z queue:other', []],
  ])('%s', async (query, expected) => {
    const { root, queue } = rootWithQueue()
    makeQueue(root, 'other')
    drop(queue, `${idOf(1)},+eu`)
    drop(queue, `${idOf(2)},p0`)
    drop(queue, `${idOf(3, 'a1b2c3')}.msg`, '{"param1":"abc","params":{"user":7,"name":"bob"}}')
    const failed = join(queue, '_err', idOf(4, 'ffffff'))
    mkdirSync(join(failed, 'job'), { recursive: true })
    const attempts = [{ n: 2, exit: 1, cause: 'lost', text: 'it timed out' }]
    writeFileSync(join(failed, 'msg'), JSON.stringify({ attempts }))
    writeFileSync(join(failed, 'job/stdio.log'), `${'-'.repeat(2_000_000)}segfault\n`)
    mkdirSync(join(queue, 'done/20261122/1015', idOf(5)), { recursive: true })
    const given = expected.map((id) => (id === idOf(3) ? idOf(3, 'a1b2c3') : id)).toSorted()
    expect((await ids(root, '--all', query)).toSorted()).toEqual(given)
  })
  it('takes the first word for a queue, a pattern of queues, or else a part of the query', async () => {
    const { root, queue } = rootWithQueue()
    const other = makeQueue(root, 'mail-b')
    drop(queue, idOf(1))
    drop(other, idOf(2))
    expect(await ids(root, 'q', 'waiting')).toEqual([idOf(1)])
    expect(await ids(root, 'mail-*')).toEqual([idOf(2)])
    expect(await ids(root, 'queue:mail-b')).toEqual([idOf(2)])
    expect(await ids(root)).toHaveLength(2)
    expect(await ids(root, 'waiting')).toHaveLength(2)
    expect((await rq(root, ['ls', '--all'])).lines[0]).toMatch(/^QUEUE +ID +STATUS/)
    expect(await rq(root, ['ls', 'mial-b'])).toMatchObject({ code: 66, stderr: expect.stringContaining('mail-b') })
    expect(await rq(root, ['ls', 'q', 'stat:x'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('did you mean "state"?'),
    })
  })
  it('sorts, pages and has columns', async () => {
    const { root, queue } = rootWithQueue()
    for (const n of [1, 2, 3, 4]) drop(queue, `${idOf(n)},p${n}`, 'x'.repeat(10 - n))
    expect(await ids(root, 'q', '--sort', 'size', '--limit', '2')).toEqual([idOf(4), idOf(3)])
    expect(await ids(root, 'q', '--sort', 'size', '-r', '--offset', '1', '--limit', '2')).toEqual([idOf(2), idOf(3)])
    expect(await ids(root, 'q', '--offset', '3')).toEqual([idOf(4)])
    const said = await rq(root, ['ls', 'q', '--columns', 'id,size', '-n', '1'])
    expect(said.lines).toEqual([expect.stringMatching(/^ID +SIZE$/), `${idOf(1)}  9`])
    expect(await rq(root, ['ls', 'q', '--columns', 'sise'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('size'),
    })
    expect(await rq(root, ['ls', 'q', '--sort', 'aeg'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('age'),
    })
  })
  it('says what is wrong with messages, and what failed items said', async () => {
    const { root, queue } = rootWithQueue()
    drop(queue, `${idOf(1)}.msg`, '')
    drop(queue, `${idOf(2)}.msg`, '{"a":')
    mkdirSync(join(queue, 'que', idOf(3)))
    mkdirSync(join(queue, '_err', idOf(4)), { recursive: true })
    writeFileSync(join(queue, '_err', idOf(4), 'msg'), '{"attempts":[{"n":1,"text":"no luck"}]}')
    const { lines } = await rq(root, ['ls', 'q'])
    expect(lines.slice(1).map((line) => line.replace(/^.*\d+\w? +/, '').replace(/^.* 5 +\S+ +/, ''))).toEqual([
      expect.stringContaining('empty message'),
      expect.stringContaining('msg is not JSON: truncated'),
      expect.stringContaining('no message'),
      expect.stringContaining('no luck'),
    ])
  })
})

describe('rq peek', () => {
  it('prints a range of what waits, in its order, and nothing that drives a terminal', async () => {
    const { root, queue } = rootWithQueue()
    for (const n of [1, 2, 3]) drop(queue, idOf(n), `text ${n}\x1b[2J\n`)
    drop(queue, `${idOf(4)},p0`, '\xff\xfe'.repeat(3))
    drop(queue, `${idOf(5)}.msg,p9`, '{"param1":')
    const { lines } = await rq(root, ['peek', 'q', '--offset', '1', '--limit', '2'])
    expect(lines).toEqual([
      `${idOf(1)} waiting`,
      '--- payload, 11 bytes',
      'text 1\\x1b[2J',
      `${idOf(2)} waiting`,
      '--- payload, 11 bytes',
      'text 2\\x1b[2J',
    ])
    writeFileSync(join(queue, 'que', `${idOf(4)},p0`), Buffer.from([0xff, 0xfe]))
    const { items } = JSON.parse((await rq(root, ['peek', 'q', '--json', '--limit', '1'])).stdout)
    expect(items).toMatchObject([
      { id: idOf(4), files: [{ size: 2, content: '//4=', encoding: 'base64', cut: false }] },
    ])
    const cut = await rq(root, ['peek', 'q', 'is:malformed', '--bytes', '3', '--json'])
    expect(JSON.parse(cut.stdout).items).toMatchObject([
      { id: idOf(5), text: expect.stringContaining('truncated'), files: [{ name: 'msg', content: '{"p', cut: true }] },
    ])
  })
})

describe('among 100,000 names', () => {
  const { root, queue } = rootWithQueue()
  const STRACE = ['/usr/bin/strace', '/bin/strace', '/usr/local/bin/strace'].find(existsSync)

  /** Opens and looks of names in que/ that a command makes. */
  async function looksOf(...args: string[]): Promise<number> {
    const trace = join(root, 'trace')
    await runProgram(STRACE ?? '', ['-f', '-o', trace, '-e', 'trace=file', process.execPath, BIN.rq, ...args], {
      env: { RQ_ROOT: root },
    })
    return readFileSync(trace, 'utf8')
      .split('\n')
      .filter((line) => line.includes('/que/')).length
  }

  it('a query of names opens and looks at nothing but what it shows', async () => {
    for (let n = 0; n < 100_000; n += 1) drop(queue, `${idOf(n)}${n % 10_000 === 0 ? ',+eu' : ''}`, '')
    expect(await ids(root, 'q', 'tag:eu')).toHaveLength(10)
    if (STRACE === undefined) return
    expect(await looksOf('ls', 'q', 'tag:eu', '--ids')).toBe(0)
    expect(await looksOf('ls', 'q', '-n', '5')).toBeLessThan(40)
    expect(await looksOf('hold', 'q', '--where', 'tag:eu', '--dry-run')).toBe(0)
  }, 120_000)

  it('what has to be looked into is bounded, and says so', async () => {
    const said = await rq(root, ['ls', 'q', 'size>0', '--ids'])
    expect(said).toMatchObject({ code: 0, stdout: '' })
    expect(said.stderr).toMatch(/^rq: looked at \d+ names and into 20000 items of more .*--deep looks at all\n$/)
    writeFileSync(join(queue, 'que', idOf(99_999)), 'x')
    expect(await ids(root, 'q', 'size>0', '--deep')).toEqual([idOf(99_999)])
  }, 120_000)
})
