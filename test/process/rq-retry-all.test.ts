/** `rq retry --all`: everything that failed waits again, at once or a few at a time. */
import { execFileSync, spawn } from 'node:child_process'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { BIN, makeQueue } from '../helpers/daemon.ts'
import { namesIn, rootWithQueue, rq } from '../helpers/rq.ts'
import { newId } from '../helpers/worker.ts'

function failed(queue: string, count: number): string[] {
  return Array.from({ length: count }, () => {
    const id = newId()
    mkdirSync(join(queue, '_err', id), { recursive: true })
    writeFileSync(join(queue, '_err', id, 'msg'), '{"attempts":[{"n":1,"verdict":"fail","to":"_err"}]}')
    return id
  })
}

describe('rq retry --all', () => {
  it('moves all of the queues that are named, and none of the others', async () => {
    const { root, queue } = rootWithQueue()
    const other = makeQueue(root, 'other')
    const ids = failed(queue, 3)
    failed(other, 2)
    expect(await rq(root, ['retry', '--all', 'q'])).toMatchObject({ code: 0, stdout: 'q: 3 wait again\n', stderr: '' })
    expect(namesIn(queue, 'que')).toEqual(ids)
    expect([namesIn(queue, '_err'), namesIn(other, '_err').length]).toEqual([[], 2])
  })

  it('without a name moves those of every queue', async () => {
    const { root, queue } = rootWithQueue()
    const [other] = [makeQueue(root, 'other'), makeQueue(root, 'sound')]
    failed(queue, 1)
    failed(other, 2)
    const { lines } = await rq(root, ['retry', '--all', '--json'])
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      { queue: 'other', count: 2, did: 'wait again' },
      { queue: 'q', count: 1, did: 'wait again' },
    ])
    expect([queue, other].map((path) => namesIn(path, 'que').length)).toEqual([1, 2])
  })

  it('--dry-run counts, and moves nothing', async () => {
    const { root, queue } = rootWithQueue()
    failed(queue, 3)
    expect((await rq(root, ['retry', '--all', '--dry-run'])).stdout).toBe('q: 3 would wait again\n')
    expect([namesIn(queue, 'que').length, namesIn(queue, '_err').length]).toEqual([0, 3])
  })

  it('--slow gives each group its time, in the order in which they were made', async () => {
    const { root, queue } = rootWithQueue()
    const ids = failed(queue, 7)
    const before = Date.now() / 1000
    const said = await rq(root, ['retry', '--all', 'q', '--slow', '3/15s'])
    const after = Date.now() / 1000
    expect(said.stdout).toBe('q: 7 wait again, 3 at a time, the last in 30 s\n')
    const due = new Map(namesIn(queue, 'que').map((name) => name.split(',t') as [string, string | undefined]))
    expect(ids.slice(0, 3).map((id) => due.get(id))).toEqual([undefined, undefined, undefined])
    const [second, third] = [Number(due.get(ids[3] ?? '')), Number(due.get(ids[6] ?? ''))]
    expect(ids.slice(3, 6).map((id) => Number(due.get(id)))).toEqual([second, second, second])
    expect(third - second).toBe(15)
    expect(second).toBeGreaterThanOrEqual(before + 15)
    expect(second).toBeLessThanOrEqual(after + 16)
  })

  it('--slow does so with what matches, each queue for itself', async () => {
    const { root, queue } = rootWithQueue()
    const ids = failed(queue, 5)
    const other = makeQueue(root, 'other')
    failed(other, 1)
    const before = Date.now() / 1000
    expect(await rq(root, ['retry', '--where', 'failed', '--slow', '2/1m'])).toMatchObject({ code: 0, stderr: '' })
    const due = new Map(namesIn(queue, 'que').map((name) => name.split(',t') as [string, string | undefined]))
    expect(ids.map((id) => Math.floor((Number(due.get(id) ?? before) - before) / 60))).toEqual([0, 0, 1, 1, 2])
    expect(namesIn(other, 'que').join()).not.toContain(',t')
  })

  it('overwrites nothing that waits under the same name', async () => {
    const { root, queue } = rootWithQueue()
    const [id = ''] = failed(queue, 1)
    writeFileSync(join(queue, 'que', id), 'mine')
    expect(await rq(root, ['retry', '--all'])).toMatchObject({ code: 0 })
    expect(namesIn(queue, 'que')).toHaveLength(2)
  })

  it.skipIf(process.getuid?.() !== 0)('one that may not be moved keeps none of the others', async () => {
    const { root, queue } = rootWithQueue()
    const [first = '', ...others] = failed(queue, 3)
    execFileSync('chown', ['-R', '65534:65534', root])
    execFileSync('chown', ['0:0', join(queue, '_err', first)])
    chmodSync(join(queue, '_err', first), 0o755)
    const child = spawn(process.execPath, [BIN.rq, '--root', root, 'retry', '--all'], { uid: 65534, gid: 65534 })
    const said = { stdout: '', stderr: '' }
    child.stdout.on('data', (data) => {
      said.stdout += data
    })
    child.stderr.on('data', (data) => {
      said.stderr += data
    })
    expect(await new Promise((resolve) => child.on('close', resolve))).toBe(1)
    expect(said.stdout).toBe('q: 2 wait again\n')
    expect(said.stderr).toContain(first)
    expect([namesIn(queue, 'que'), namesIn(queue, '_err')]).toEqual([others, [first]])
  })

  it.each<[args: string[], code: number, words: string]>([
    [['retry'], 2, 'say which: by ID, or by --where QUERY'],
    [['retry', 'x', '--slow', '1/1s'], 2, '--slow goes with --all or --where'],
    [['retry', '--where', 'failed', '--slow', 'fast'], 2, 'expected so many per time'],
    [['retry', 'x', '--dry-run'], 2, '--dry-run, --first and --last go with --where'],
    [['retry', '--all', '--where', 'failed'], 2, '--all and --where are two ways'],
    [['retry', '--all', '--slow', 'fast'], 2, 'expected so many per time, such as 10/15s'],
    [['retry', '--all', '--slow', '0/15s'], 2, 'expected so many per time'],
    [['retry', '--all', 'nowhere'], 66, 'no queue "nowhere"'],
  ])('%j is refused in words', async (args, code, words) => {
    const { root } = rootWithQueue()
    expect(await rq(root, args)).toMatchObject({ code, stdout: '', stderr: expect.stringContaining(words) })
  })
})
