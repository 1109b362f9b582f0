/** Changing all that match: counts, races, undo. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { BIN, makeQueue } from '../helpers/daemon.ts'
import { namesIn, rootWithQueue, rq } from '../helpers/rq.ts'
import { until } from '../helpers/until.ts'
import { openQueue, startWorker, testQueue } from '../helpers/worker.ts'

function idOf(n: number): string {
  return `20261122T101500.${String(n).padStart(6, '0')}-x7f2k9`
}

function drop(queue: string, name: string, text = 'payload', state = 'que'): void {
  mkdirSync(join(queue, state), { recursive: true })
  writeFileSync(join(queue, state, name), text)
}

function failed(queue: string, name: string, attempt: object, own: object = {}): void {
  mkdirSync(join(queue, '_err', name), { recursive: true })
  writeFileSync(join(queue, '_err', name, 'msg'), JSON.stringify({ ...own, attempts: [{ n: 1, ...attempt }] }))
}

/** Every place in which an item lies, the trash's too. */
function everywhere(queue: string): string[] {
  const all = readdirSync(queue, { recursive: true, encoding: 'utf8' })
  return all
    .flatMap((path) => /(?:^|\/)([^/]*x7f2k9)(?:,[^/]*)?$/.exec(path)?.[1] ?? [])
    .filter((id) => /^\d{8}T\d{6}\.\d{6}/.test(id))
}

describe('a change of all that match', () => {
  it('retries those that failed so, and says how many', async () => {
    const { root, queue } = rootWithQueue()
    for (const n of [1, 2, 3])
      failed(queue, idOf(n), { exit: n === 3 ? 2 : 1, text: 'timed out' }, { params: { user: n } })
    const dry = await rq(root, ['retry', 'q', '--where', 'exit:1', '--dry-run'])
    expect(dry).toMatchObject({ code: 0, stdout: 'q: 2 matches\n', stderr: '' })
    expect(namesIn(queue, 'que')).toEqual([])
    const items = await rq(root, ['retry', '--where', 'exit:1', '--dry-run', '--json'])
    expect(items.lines.map((line) => JSON.parse(line).id)).toEqual(expect.arrayContaining([idOf(1), idOf(2)]))
    expect(await rq(root, ['retry', 'q', '-w', 'exit:1 text:timed'])).toMatchObject({
      code: 0,
      stdout: 'q: 2 waits again\n',
    })
    expect([namesIn(queue, 'que'), namesIn(queue, '_err')]).toEqual([[idOf(1), idOf(2)], [idOf(3)]])
    expect(await rq(root, ['rm', '--where=-param.user=7 failed'])).toMatchObject({ code: 0, stdout: 'q: 1 removed\n' })
  })
  it('holds, releases and moves, only in the queues that are named', async () => {
    const { root, queue } = rootWithQueue()
    const other = makeQueue(root, 'mail-b')
    makeQueue(root, 'mail-c')
    for (const path of [queue, other]) for (const n of [1, 2]) drop(path, `${idOf(n)}${n === 1 ? ',+eu' : ''}`)
    expect(await rq(root, ['hold', 'mail-*', '--where', 'tag:eu'])).toMatchObject({
      code: 0,
      stdout: 'mail-b: 1 held\n',
    })
    expect(await rq(root, ['move', '-w', 'tag:eu', '--priority', '0'])).toMatchObject({ code: 0 })
    expect([namesIn(queue, 'que'), namesIn(other, 'pause')]).toEqual([
      [`${idOf(1)},p0,+eu`, idOf(2)],
      [`${idOf(1)},p0,+eu`],
    ])
    expect(await rq(root, ['release', '-w', 'held'])).toMatchObject({ stdout: 'mail-b: 1 released\n' })
    expect(await rq(root, ['hold', 'mail-x*', '-w', 'tag:eu'])).toMatchObject({ code: 66 })
    expect(await rq(root, ['hold', 'mail', '-w', 'tag:eu'])).toMatchObject({ code: 66 })
    expect(await rq(root, ['hold', '-w', 'tag:nobody'])).toMatchObject({ code: 0, stdout: '0 items match\n' })
  })
  it('refuses a query that it cannot read, and options without one', async () => {
    const { root } = rootWithQueue()
    expect(await rq(root, ['rm', '--where', 'stat:_err'])).toMatchObject({
      code: 2,
      stderr: 'rq: query: no field "stat": did you mean "state"?\n',
    })
    expect(await rq(root, ['rm', 'x', '--dry-run'])).toMatchObject({ code: 2 })
    expect(await rq(root, ['rm'])).toMatchObject({ code: 2, stderr: expect.stringContaining('--where') })
  })
  it('removes every item that equals a text, or the first or last of them, and leaves the others', async () => {
    const { root, queue } = rootWithQueue()
    for (let n = 0; n < 6; n += 1) drop(queue, idOf(n), n % 2 === 0 ? 'same' : 'same not')
    drop(queue, `${idOf(7)}.msg`, '')
    expect(await rq(root, ['rm', 'q', '-w', 'content="same"', '--last', '1'])).toMatchObject({
      stdout: 'q: 1 removed\n',
    })
    expect(namesIn(queue, 'que')).not.toContain(idOf(4))
    expect(await rq(root, ['rm', 'q', '-w', 'content="same"', '--first', '1'])).toMatchObject({
      stdout: 'q: 1 removed\n',
    })
    expect(namesIn(queue, 'que')).not.toContain(idOf(0))
    expect(await rq(root, ['rm', 'q', '-w', 'content="same"'])).toMatchObject({ stdout: 'q: 1 removed\n' })
    expect(await rq(root, ['rm', 'q', '-w', 'content~/not$/ !content:"different"'])).toMatchObject({
      stdout: 'q: 3 removed\n',
    })
    expect(await rq(root, ['rm', 'q', '-w', 'content=""'])).toMatchObject({ stdout: 'q: 1 removed\n' })
    expect(namesIn(queue, 'que')).toEqual([])
  })
  it('finds what can be no message, and touches nothing that it could not judge', async () => {
    const { root, queue } = rootWithQueue()
    drop(queue, `${idOf(1)}.msg`, '{"param1":')
    drop(queue, `${idOf(2)}.msg`, '')
    drop(queue, `${idOf(3)}.msg`, '{"param1":"a"}')
    drop(queue, idOf(4), 'x'.repeat(1024 * 1024 + 1))
    mkdirSync(join(queue, 'que', idOf(5)))
    const said = await rq(root, ['rm', '-w', '!param1=b !content:"y" !is:empty que'])
    expect(said).toMatchObject({
      code: 0,
      stdout: 'q: 1 removed\n',
      stderr: expect.stringContaining('3 items could not be judged'),
    })
    expect(await rq(root, ['rm', '-w', 'is:malformed'])).toMatchObject({ code: 0, stdout: 'q: 3 removed\n' })
    expect(namesIn(queue, 'que')).toEqual([idOf(4)])
  })
})

describe('rq edit of many', () => {
  it('sets and takes away keys where they wait, held or failed; id, order and history stay', async () => {
    const { root, queue } = rootWithQueue()
    drop(queue, `${idOf(1)}.msg,p1,t4000000000`, '{"params":{"user":7,"x":1},"other":[1]}')
    drop(queue, idOf(2), 'a plain file')
    failed(queue, idOf(3), { exit: 1 }, { params: { user: 7 } })
    drop(queue, `${idOf(4)}.msg`, '{"params":{"user":8}}')
    const said = await rq(root, [
      'edit',
      'q',
      '-w',
      'param.user=7',
      '--set',
      'param.user=9',
      '--unset',
      'param.x',
      '--set',
      'param1=a=b',
    ])
    expect(said).toMatchObject({ code: 0, stdout: 'q: 2 changed\n' })
    const message = (...path: string[]) => JSON.parse(readFileSync(join(queue, ...path), 'utf8'))
    expect(message('que', `${idOf(1)}.msg,p1,t4000000000`)).toEqual({
      params: { user: '9' },
      other: [1],
      param1: 'a=b',
    })
    expect(message('_err', idOf(3), 'msg')).toEqual({
      params: { user: '9' },
      param1: 'a=b',
      attempts: [{ n: 1, exit: 1 }],
    })
    expect(message('que', `${idOf(4)}.msg`)).toEqual({ params: { user: 8 } })
    expect(namesIn(queue, 'pause')).toEqual([])
    expect(await rq(root, ['edit', idOf(2), '--set', 'param1=x'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('plain file'),
    })
    expect(readFileSync(join(queue, 'que', idOf(2)), 'utf8')).toBe('a plain file')
    expect(await rq(root, ['edit', idOf(4), '--set', 'attempts=x'])).toMatchObject({ code: 2 })
  })
  it('gives one after the other to the editor, and stops when it fails', async () => {
    const { root, queue } = rootWithQueue()
    for (const n of [1, 2, 3]) drop(queue, `${idOf(n)}.msg`, `{"param1":"${n}"}`)
    const editor = { EDITOR: 'sh -c \'grep -q :.2 "$1" && exit 1; sed -i s/:.1/:\\"7/ "$1"\' --', VISUAL: '' }
    const said = await rq(root, ['edit', idOf(1), idOf(2), idOf(3)], { env: editor })
    expect(said).toMatchObject({
      code: 1,
      stdout: `${idOf(1)} changed\n`,
      stderr: expect.stringContaining('editor failed'),
    })
    expect(namesIn(queue, 'que')).toHaveLength(3)
    expect(readFileSync(join(queue, 'que', `${idOf(3)}.msg`), 'utf8')).toBe('{"param1":"3"}')
  })
})

describe('what was removed', () => {
  it('comes back with one word: the last removal of many, in every queue and state', async () => {
    const { root, queue } = rootWithQueue()
    const other = makeQueue(root, 'other')
    for (let n = 0; n < 30; n += 1) drop(queue, `${idOf(n)},p1`)
    failed(other, idOf(50), {})
    mkdirSync(join(queue, 'done/20261122/1015', idOf(60)), { recursive: true })
    drop(queue, idOf(70))
    expect(await rq(root, ['rm', idOf(70)])).toMatchObject({ code: 0 })
    expect(await rq(root, ['rm', '-w', 'id:x7f2k9 (que | failed | done)'])).toMatchObject({ code: 0 })
    expect([namesIn(queue, 'que'), namesIn(queue, 'done'), namesIn(other, '_err')]).toEqual([[], [], []])
    const { lines } = await rq(root, ['trash', '--json', '--limit', '0'])
    const { items } = JSON.parse(lines[0] ?? '')
    expect(items).toHaveLength(33)
    expect(await rq(root, ['undo'])).toMatchObject({ code: 0, stderr: '' })
    expect(namesIn(queue, 'que')).toEqual(Array.from({ length: 30 }, (_, n) => `${idOf(n)},p1`))
    expect(namesIn(queue, 'done/20261122/1015')).toEqual([idOf(60)])
    expect(namesIn(other, '_err')).toEqual([idOf(50)])
    expect(await rq(root, ['undo'])).toMatchObject({ code: 0, stdout: `${idOf(70)} is back in que\n` })
    expect(await rq(root, ['undo'])).toMatchObject({ code: 66 })
    expect(namesIn(queue, '_trash')).toEqual([])
  })
  it('comes back one by one, and never over another', async () => {
    const { root, queue } = rootWithQueue()
    drop(queue, 'a.txt', 'old')
    drop(queue, 'b.txt', 'b')
    await rq(root, ['rm', 'q/a.txt', 'q/b.txt'])
    drop(queue, 'a.txt', 'new')
    expect(await rq(root, ['undo', 'q/a.txt'])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/-a\.txt is back in que\n$/),
    })
    const names = namesIn(queue, 'que')
    expect(names.map((name) => readFileSync(join(queue, 'que', name), 'utf8'))).toEqual(['old', 'new'])
    expect(await rq(root, ['undo', 'c.txt'])).toMatchObject({ code: 66 })
    expect(await rq(root, ['undo', 'b.txt'])).toMatchObject({ stdout: 'b.txt is back in que\n' })
  })
  it('is not said to be back where somebody was faster', async () => {
    const { root, queue } = rootWithQueue()
    for (let n = 0; n < 2000; n += 1) drop(queue, idOf(n))
    expect(await rq(root, ['rm', 'q', '-w', 'que'])).toMatchObject({ code: 0 })
    const both = await Promise.all([rq(root, ['undo', '--json']), rq(root, ['undo', '--json'])])
    expect(namesIn(queue, 'que')).toHaveLength(2000)
    const back = both.flatMap(({ lines }) => lines.map((line) => (JSON.parse(line) as { id: string }).id))
    expect(back.toSorted()).toEqual(namesIn(queue, 'que'))
  })
  it('is gone for good only when that is asked for with --yes', async () => {
    const { root, queue } = rootWithQueue()
    drop(queue, 'a.txt')
    await rq(root, ['rm', 'a.txt'])
    expect(await rq(root, ['trash', '--empty'])).toMatchObject({ code: 2, stderr: expect.stringContaining('--yes') })
    expect(await rq(root, ['trash', '--empty', '--yes', '--older', '1h'])).toMatchObject({
      stdout: '0 removals are gone for good\n',
    })
    expect(await rq(root, ['trash', 'q', '--empty', '--yes'])).toMatchObject({ stdout: '1 removal is gone for good\n' })
    expect(await rq(root, ['trash'])).toMatchObject({ code: 0, stdout: '' })
    expect(namesIn(queue, '_trash')).toEqual([])
  })
})

describe('a trash that is being emptied', () => {
  it.each(['SIGKILL', 'SIGINT'] as const)('and is stopped by %s brings back no half item', async (signal) => {
    const { root, queue } = rootWithQueue()
    const [id, count] = [idOf(1), 30_000]
    mkdirSync(join(queue, 'que', id, 'attach'), { recursive: true })
    writeFileSync(join(queue, 'que', id, 'msg'), '{}')
    for (let n = 0; n < count; n += 1) writeFileSync(join(queue, 'que', id, 'attach', `file${n}`), '')
    await rq(root, ['rm', id])
    const removed = join(queue, '_trash', namesIn(queue, '_trash')[0] ?? '')
    const emptying = spawn(process.execPath, [BIN.rq, '--root', root, 'trash', '--empty', '--yes'], { stdio: 'ignore' })
    const ended = new Promise((resolve) => emptying.once('exit', resolve))
    await until(() => namesIn(removed, `que/${id}/attach`).length < count)
    emptying.kill(signal)
    await ended
    expect(await rq(root, ['undo'])).toMatchObject({ code: 66 })
    expect(namesIn(queue, 'que')).toEqual([])
    // What is left of it is behind the scenes, for the next cleaner.
    expect(await rq(root, ['clean'])).toMatchObject({ code: 0 })
    expect(namesIn(queue, '_tmp')).toEqual([])
  })
  it('holds also what is nested deeper than any path is long', async () => {
    const { root, queue } = rootWithQueue()
    const id = idOf(1)
    mkdirSync(join(queue, 'que', id, ...Array.from({ length: 150 }, () => 'deep')), { recursive: true })
    for (let n = 0; n < 20; n += 1) {
      const deeper = join(queue, 'que', `${n}`)
      renameSync(join(queue, 'que', id), deeper)
      mkdirSync(join(queue, 'que', id, ...Array.from({ length: 50 }, () => 'deep')), { recursive: true })
      renameSync(deeper, join(queue, 'que', id, ...Array.from({ length: 50 }, () => 'deep'), 'x'))
    }
    writeFileSync(join(queue, 'que', id, 'msg'), '{}')
    await rq(root, ['rm', id])
    expect(await rq(root, ['trash', '--empty', '--yes'])).toMatchObject({
      code: 0,
      stdout: '1 removal is gone for good\n',
    })
    expect([namesIn(queue, '_trash'), namesIn(queue, '_tmp')]).toEqual([[], []])
  })
})

describe('many moves beside a worker', () => {
  it('end with each item in exactly one place, run or removed', async () => {
    const test = testQueue('#!/bin/sh\nexit 0\n', { slots: 2 })
    const many = 300
    for (let n = 0; n < many; n += 1) drop(test.path, idOf(n))
    const worker = await startWorker(test.path)
    const root = join(test.path, '../..')
    const said = await rq(root, ['rm', 'q', '-w', 'content:"payload" que'])
    expect({ code: said.code, stderr: said.stderr }).toEqual({ code: 0, stderr: expect.not.stringContaining('Error') })
    await until(() => test.names('que').length === 0 && test.names('run').length === 0, 60_000)
    await worker.stop()
    const where = everywhere(test.path)
    expect(where.toSorted()).toEqual(Array.from({ length: many }, (_, n) => idOf(n)))
    const removed = Number(/(\d+) removed/.exec(said.stdout)?.[1] ?? 0)
    expect(test.names('done')).toHaveLength(many - removed)
  }, 120_000)

  it('that are killed leave each item in exactly one place, and undo brings back what was removed', async () => {
    const { root, queue } = rootWithQueue()
    const many = 3000
    for (let n = 0; n < many; n += 1) drop(queue, idOf(n))
    const child: ChildProcess = spawn(process.execPath, [BIN.rq, 'rm', 'q', '-w', 'que'], {
      env: { ...process.env, RQ_ROOT: root },
      stdio: 'ignore',
    })
    const ended = new Promise((resolve) => child.on('exit', resolve))
    await until(() => namesIn(queue, 'que').length < many - 10, 20_000)
    child.kill('SIGKILL')
    await ended
    const all = Array.from({ length: many }, (_, n) => idOf(n))
    expect(everywhere(queue).toSorted()).toEqual(all)
    expect(openQueue(queue).names('que').length).toBeLessThan(many)
    expect(await rq(root, ['undo'])).toMatchObject({ code: 0 })
    expect(namesIn(queue, 'que')).toEqual(all)
  }, 120_000)
})
