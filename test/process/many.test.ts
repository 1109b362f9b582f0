/**
 * Ten queues with 50,000 waiting each (the list of Resque's users, R15 and R25): what a command reads does not grow with
 * them. Counted in system calls, as times say more about the machine.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { makeId } from '../../src/domain/name.ts'
import { BIN, makeQueue, tempRoot } from '../helpers/daemon.ts'
import { rq, runProgram } from '../helpers/rq.ts'

const QUEUES = 10
const WAITING = 50_000
const STRACE = ['/usr/bin/strace', '/bin/strace', '/usr/local/bin/strace'].find(existsSync)

let few: string
let many: string

function rootOf(waiting: number): string {
  const root = tempRoot()
  const born = Date.parse('2026-11-22T10:00:00Z')
  for (let q = 0; q < QUEUES; q += 1) {
    const que = join(makeQueue(root, `q${q}`), 'que')
    mkdirSync(que, { recursive: true })
    for (let n = 0; n < waiting; n += 1)
      writeFileSync(join(que, makeId(born + n, 0, n.toString(36).padStart(6, '0'))), '')
  }
  return root
}

/** The calls of a command, by their names. */
async function calls(root: string, ...args: string[]): Promise<Record<string, number>> {
  const trace = join(root, 'trace')
  const said = await runProgram(STRACE ?? '', ['-f', '-qq', '-o', trace, process.execPath, BIN.rq, ...args], {
    env: { RQ_ROOT: root },
  })
  // No daemon runs, which is critical to a check.
  expect(said.code).toBe(args[0] === 'health' ? 2 : 0)
  const found: Record<string, number> = {}
  for (const [, name = ''] of readFileSync(trace, 'utf8').matchAll(/^\d+ +(\w+)\(/gm))
    found[name] = (found[name] ?? 0) + 1
  return found
}

beforeAll(() => {
  few = rootOf(10)
  many = rootOf(WAITING)
}, 120_000)

describe.skipIf(STRACE === undefined)('with 50,000 waiting in each of ten queues', () => {
  it('an inject lists nothing: it reads as little as with ten', async () => {
    const [small, large] = [
      await calls(few, 'inject', 'q3', '--param1', 'x'),
      await calls(many, 'inject', 'q3', '--param1', 'x'),
    ]
    expect(large['getdents64'] ?? 0).toBe(small['getdents64'] ?? 0)
  })

  it.each([
    ['queues', ['queues']],
    ['top', ['top', '--json']],
    ['health', ['health', '--waiting', '100000:200000', '--oldest', '4000d:5000d']],
    ['qshape', ['qshape']],
  ])('rq %s opens no item, and stops reading at its bound', async (_name, args) => {
    const small = await calls(few, ...args)
    const large = await calls(many, ...args)
    // A page of names is one call; of each queue some pages more, and no more files.
    expect((large['openat'] ?? 0) - (small['openat'] ?? 0)).toBeLessThan(2 * QUEUES)
    expect(large['getdents64'] ?? 0).toBeLessThan(QUEUES * 400)
  })

  it('the counts say where they stopped', async () => {
    const { queues } = JSON.parse((await rq(many, ['queues', '--json'])).stdout) as {
      queues: { counts: { que: number }; capped: string[] }[]
    }
    expect(queues.map(({ counts, capped }) => [counts.que >= 10_000, capped])).toEqual(
      Array.from({ length: QUEUES }, () => [true, ['que']]),
    )
  })
})
