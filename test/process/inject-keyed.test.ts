/** `rq inject --key`: debounce, and once within a window; by many real processes at one time, and after kills. */
import { spawn } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { BIN } from '../helpers/daemon.ts'
import { namesIn, rootWithQueue, rq } from '../helpers/rq.ts'
import { until } from '../helpers/until.ts'

const inject = (root: string, ...args: string[]) => rq(root, ['inject', 'q', ...args])
const dueOf = (name: string | undefined) => Number(/,t(\d+)/.exec(name ?? '')?.[1])

/** An item that ran: the worker would have put it there. */
function end(queue: string, id: string, state = 'done'): void {
  const dir = join(queue, state, ...(state === 'done' ? [id.slice(0, 8), id.slice(9, 13)] : []))
  mkdirSync(join(dir, id), { recursive: true })
  renameSync(join(queue, 'que', `${id}.msg`), join(dir, id, 'msg'))
}

describe('--unique', () => {
  test('publishes one; a second within the window is answered with the first', async () => {
    const { root, queue } = rootWithQueue()
    const first = await inject(root, '--param1', 'a', '--key', 'k', '--unique', '1h')
    expect(first).toMatchObject({ code: 0, stderr: '' })
    const second = await inject(root, '--param1', 'b', '--key', 'k', '--unique', '1h')
    expect(second).toMatchObject({ code: 0, stdout: first.stdout })
    expect(second.stderr).toContain('exists already')
    const other = await inject(root, '--param1', 'c', '--key', 'other', '--unique', '1h')
    expect(namesIn(queue, 'que')).toEqual([`${first.lines[0]}.msg`, `${other.lines[0]}.msg`].toSorted())
  })

  test('holds also when the item runs, failed, was held or renamed; not when it was removed, or the window is over', async () => {
    const { root, queue } = rootWithQueue()
    const [id = ''] = (await inject(root, '--key', 'k', '--unique', '1h')).lines
    const again = () => inject(root, '--key', 'k', '--unique', '1h')
    renameSync(join(queue, 'que', `${id}.msg`), join(queue, 'que', `${id}.msg,p1,+x`))
    expect((await again()).lines).toEqual([id])
    renameSync(join(queue, 'que', `${id}.msg,p1,+x`), join(queue, 'pause', `${id}.msg`))
    expect((await again()).lines).toEqual([id])
    renameSync(join(queue, 'pause', `${id}.msg`), join(queue, 'que', `${id}.msg`))
    end(queue, id, '_err')
    expect((await again()).lines).toEqual([id])
    expect((await inject(root, '--key', 'k', '--unique', '0')).lines).not.toEqual([id])

    const [last = ''] = (await again()).lines
    rmSync(join(queue, 'que', `${last}.msg`))
    expect((await again()).lines).not.toEqual([last])
  })

  test('may stand in the configuration, for all that has a key', async () => {
    const { root, queue } = rootWithQueue({ unique: { for: '1h' } })
    const [id = ''] = (await inject(root, '--key', 'k')).lines
    end(queue, id)
    expect((await inject(root, '--key', 'k')).lines).toEqual([id])
    expect((await inject(root)).lines).not.toEqual([id])
  })

  test('of thirty at one time exactly one publishes, and all tell its id', async () => {
    const { root, queue } = rootWithQueue()
    const all = await Promise.all(
      Array.from({ length: 30 }, (_, n) => inject(root, '--param1', String(n), '--key', 'k', '--unique', '1h')),
    )
    expect(all.filter(({ code }) => code !== 0)).toEqual([])
    expect(new Set(all.map(({ stdout }) => stdout)).size).toBe(1)
    expect(all.filter(({ stderr }) => stderr === '')).toHaveLength(1)
    expect(namesIn(queue, 'que')).toEqual([`${all[0]?.lines[0]}.msg`])
    expect(namesIn(queue, 'prep')).toEqual([])
  }, 120_000)

  test('whenever an inject is killed, the next one leaves exactly one item', async () => {
    const { root, queue } = rootWithQueue()
    for (let round = 0; round < 16; round += 1) {
      const args = [BIN.rq, 'inject', 'q', '--key', `k${round}`, '--unique', '1h', '--root', root]
      const child = spawn(process.execPath, args, { stdio: 'ignore' })
      setTimeout(() => child.kill('SIGKILL'), 60 + round * 12)
      await new Promise((resolve) => child.on('exit', resolve))
      const before = new Set(namesIn(queue, 'que'))
      const said = await inject(root, '--key', `k${round}`, '--unique', '1h')
      expect(said.code).toBe(0)
      expect(namesIn(queue, 'que')).toContain(`${said.lines[0]}.msg`)
      expect(namesIn(queue, 'que')).toHaveLength(round + 1)
      if (before.size === round + 1) expect(said.stderr).toContain('exists already')
    }
  }, 120_000)
})

describe('--debounce', () => {
  test('delay moves what waits, drops what is new, and answers with the first id', async () => {
    const { root, queue } = rootWithQueue()
    const once = (text: string, by: string) =>
      inject(root, '--param1', text, '--key', 'k', '--debounce', 'delay', '--in', by, '--tag', 'x')
    const first = await once('a', '1h')
    const before = dueOf(namesIn(queue, 'que')[0])
    const second = await once('b', '2h')
    expect(second).toMatchObject({ code: 0, stdout: first.stdout })
    const [name, more] = namesIn(queue, 'que')
    expect(more).toBeUndefined()
    expect(dueOf(name) - before).toBeGreaterThan(3500)
    expect(name).toMatch(/,\+x$/)
    expect(JSON.parse(readFileSync(join(queue, 'que', name ?? ''), 'utf8'))).toEqual({ param1: 'a' })
    // Also what was made to run at once by hand.
    await rq(root, ['retry', first.lines[0] ?? ''])
    expect((await once('c', '3h')).stdout).toBe(first.stdout)
    expect(namesIn(queue, 'que')).toHaveLength(1)
  })

  test('replace publishes the new one and puts the old one into the trash', async () => {
    const { root, queue } = rootWithQueue()
    const once = (text: string) => inject(root, '--param1', text, '--key', 'k', '--debounce', 'replace')
    const first = await once('a')
    const second = await once('b')
    expect(second.lines).not.toEqual(first.lines)
    expect(namesIn(queue, 'que')).toEqual([`${second.lines[0]}.msg`])
    const removed = readdirSync(join(queue, '_trash'), { recursive: true }).map(String)
    expect(removed.filter((path) => path.endsWith(`/que/${first.lines[0]}.msg`))).toHaveLength(1)
  })

  test('what was replaced is not what undo means, unless it is named', async () => {
    const { root, queue } = rootWithQueue()
    await inject(root, '--id', '20261122T101500.000001-aaaaaa')
    await rq(root, ['rm', '20261122T101500.000001-aaaaaa'])
    const [first = ''] = (await inject(root, '--key', 'k', '--debounce', 'replace')).lines
    const [second = ''] = (await inject(root, '--key', 'k', '--debounce', 'replace')).lines
    expect((await rq(root, ['undo'])).stdout).toBe('20261122T101500.000001-aaaaaa is back in que\n')
    expect(await rq(root, ['undo'])).toMatchObject({ code: 66 })
    expect(namesIn(queue, 'que')).toEqual(['20261122T101500.000001-aaaaaa.msg', `${second}.msg`])
    expect((await rq(root, ['undo', first])).stdout).toBe(`${first} is back in que\n`)
  })

  test('of what runs or has ended nothing is touched: there is a new item', async () => {
    const { root, queue } = rootWithQueue()
    const [first = ''] = (await inject(root, '--key', 'k', '--debounce', 'replace')).lines
    mkdirSync(join(queue, 'run', first))
    renameSync(join(queue, 'que', `${first}.msg`), join(queue, 'run', first, 'msg'))
    const [second = ''] = (await inject(root, '--key', 'k', '--debounce', 'replace')).lines
    expect(namesIn(queue, 'run')).toEqual([first])
    expect(readdirSync(join(queue, 'run', first))).toEqual(['msg'])
    end(queue, second)
    const third = await inject(root, '--key', 'k', '--debounce', 'delay', '--in', '5m')
    expect(namesIn(queue, 'que')).toEqual([expect.stringMatching(`^${third.lines[0]}\\.msg,t\\d+$`)])
  })

  test('of many at one time the last stays, alone', async () => {
    const { root, queue } = rootWithQueue()
    const all = await Promise.all(
      Array.from({ length: 12 }, (_, n) => inject(root, '--param1', String(n), '--key', 'k', '--debounce', 'replace')),
    )
    expect(all.map(({ code }) => code)).toEqual(all.map(() => 0))
    expect(namesIn(queue, 'que')).toHaveLength(1)
    expect(namesIn(queue, '_trash')).toHaveLength(11)
  }, 60_000)
})

test('a file keeps its name and its form', async () => {
  const { root, queue } = rootWithQueue()
  writeFileSync(join(root, 'a b.csv'), 'x')
  writeFileSync(join(root, 'c.csv'), 'y')
  const strange = await inject(root, join(root, 'a b.csv'), '--key', '1', '--unique', '1h')
  const plain = await inject(root, join(root, 'c.csv'), '--key', '2', '--unique', '1h')
  expect(plain.lines[0]).toMatch(/-c\.csv$/)
  expect(namesIn(queue, 'que')).toEqual([strange.lines[0], plain.lines[0]].toSorted())
  expect((await inject(root, join(root, 'c.csv'), '--key', '2', '--unique', '1h')).stdout).toBe(plain.stdout)
})

test('keys of no use any more go, a few with each inject; those in use stay', async () => {
  const { root, queue } = rootWithQueue()
  for (let n = 0; n < 6; n += 1) {
    const [id = ''] = (await inject(root, '--key', `k${n}`, '--unique', n < 4 ? '10ms' : '1h')).lines
    end(queue, id)
  }
  await until(async () => {
    await inject(root, '--key', 'other', '--unique', '1h')
    return namesIn(queue, '_keys').length === 3
  }, 20_000)
})

test.each([
  [['--key', 'k'], '--key needs --unique or --debounce'],
  [['--unique', '1h'], '--unique is for --key'],
  [['--key', 'k', '--debounce', 'delay'], '--debounce delay needs --in or --at'],
  [['--key', 'k', '--debounce', 'never'], '--debounce is delay or replace'],
  [['--key', 'k', '--unique', '1h', '--debounce', 'replace'], 'only one of'],
  [['--key', 'k', '--unique', '1h', '--json', '-'], '--key is for one item'],
])('what makes no sense is misuse: %j', async (args, words) => {
  const said = await inject(rootWithQueue().root, ...args)
  expect(said).toMatchObject({ code: 2, stdout: '' })
  expect(said.stderr).toContain(words)
})
