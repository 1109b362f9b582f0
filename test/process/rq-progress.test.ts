/** How far a long command is, on a real terminal; and stopping it there. Nothing of it elsewhere. */
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { skipLoudly } from '../faults/mount.ts'
import { BIN, makeQueue, tempRoot } from '../helpers/daemon.ts'
import { archivesIn, itemsIn, itemsUnder, putEnded } from '../helpers/ended.ts'
import { namesIn, rootWithQueue, rq } from '../helpers/rq.ts'
import { hasTerminal, TestTerminal } from '../helpers/terminal.ts'
import { until } from '../helpers/until.ts'

const ARCHIVED = { keep: { done: { age: '1d' } }, archive: { states: ['done'] } }
/** Where it may: so much is written that a disk would be what the tests wait for. */
const FAST = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()
const BAR = /[█░]+ (\d+)\/(\d+)/

interface World {
  readonly root: string
  readonly queue: string
  readonly items: readonly string[]
}

/** Items that ended long ago, on several days, each with so many bytes that do not shrink. */
function endedWorld(config: object, count: number, bytes: number): World {
  const root = tempRoot(FAST)
  const queue = makeQueue(root, 'q', undefined, config)
  const items = Array.from({ length: count }, (_, i) => `item${i}`)
  const data = randomBytes(bytes)
  for (const [i, name] of items.entries())
    writeFileSync(join(putEnded(queue, name, 'done', `2020010${1 + (i % 3)}/1000`), 'job/data'), data)
  return { root, queue, items: items.toSorted() }
}

/** Each item lies where it was, or in an archive that tar(1) reads; and nothing passes for what it is not. */
function expectNothingLost({ queue, items }: World): void {
  const archive = join(queue, 'archive')
  const archived = existsSync(archive) ? archivesIn(archive).flatMap((name) => itemsIn(join(archive, name))) : []
  const there = itemsUnder(join(queue, 'done'))
  expect([...new Set([...archived, ...there])].toSorted()).toEqual(items)
  const others = existsSync(archive) ? readdirSync(archive).filter((name) => !name.endsWith('.tar.gz')) : []
  expect(others).toEqual([])
}

async function expectFinished(world: World): Promise<void> {
  expect(await rq(world.root, ['clean'])).toMatchObject({ code: 0, stderr: '' })
  expectNothingLost(world)
  expect([namesIn(world.queue, 'done'), namesIn(world.queue, '_tmp')]).toEqual([[], []])
}

const open: TestTerminal[] = []
afterEach(() => {
  for (const terminal of open.splice(0)) terminal.end()
})

async function typed(line: string): Promise<{ screen: () => string; press: (key: string) => void }> {
  const terminal = new TestTerminal()
  open.push(terminal)
  await terminal.start(140, 40)
  terminal.press(`${line}; echo ended $?`, 'Enter')
  return { screen: () => terminal.screen(), press: (key) => terminal.press(key) }
}

const command = ({ root }: World, ...args: string[]) => `${process.execPath} ${BIN.rq} ${args.join(' ')} --root ${root}`

const noTerminal = skipLoudly('real terminals', hasTerminal ? undefined : 'tmux is not installed')

describe.skipIf(noTerminal)('on a terminal `rq clean`', () => {
  it('draws how far it is, up to the last item, and then says what it did', async () => {
    const world = endedWorld(ARCHIVED, 400, 20_000)
    const { screen } = await typed(command(world, 'clean'))
    const seen = new Set<number>()
    await until(
      () => {
        const [, done, total] = BAR.exec(screen()) ?? []
        if (done !== undefined) seen.add(Number(done))
        expect(total ?? '400').toBe('400')
        return /^ended 0$/m.test(screen())
      },
      30_000,
      screen,
    )
    expect(seen.size).toBeGreaterThan(2)
    expect(screen()).toMatch(/400\/400 /)
    expect(screen()).toMatch(/^q: removed 400 of done/m)
    expectNothingLost(world)
  })

  it('that is interrupted while it archives stops at a whole step, and the next one goes on', async () => {
    const world = endedWorld(ARCHIVED, 200, 200_000)
    const { screen, press } = await typed(command(world, 'clean'))
    await until(() => Number(BAR.exec(screen())?.[1] ?? 0) > 0, 30_000, screen)
    press('C-c')
    await until(() => /^ended 130$/m.test(screen()), 30_000, screen)
    expect(screen()).toMatch(/stopped; what is left to do is done by the next one/)
    expectNothingLost(world)
    await expectFinished(world)
  })

  it('that is interrupted while it removes says what is gone, and the next one goes on', async () => {
    const world = endedWorld({ keep: ARCHIVED.keep }, 3000, 0)
    const { screen, press } = await typed(command(world, 'clean'))
    await until(() => Number(BAR.exec(screen())?.[1] ?? 0) > 0, 30_000, screen)
    press('C-c')
    await until(() => /^ended 130$/m.test(screen()), 30_000, screen)
    const [, removed] = /^q: removed (\d+) of done/m.exec(screen()) ?? []
    expect(Number(removed)).toBeGreaterThan(0)
    // A day that was begun lies behind the scenes; the others are untouched.
    const left = [...itemsUnder(join(world.queue, 'done')), ...itemsUnder(join(world.queue, '_tmp'))]
    expect(Number(removed) + left.length).toBeGreaterThanOrEqual(2999)
    expect(left.length).toBeGreaterThan(0)
    expect(await rq(world.root, ['clean'])).toMatchObject({ code: 0, stderr: '' })
    expect([namesIn(world.queue, 'done'), namesIn(world.queue, '_tmp')]).toEqual([[], []])
  })
})

it.skipIf(noTerminal)('a verb that changes many draws it on a terminal, too', async () => {
  const { root, queue } = rootWithQueue()
  mkdirSync(join(queue, '_err'))
  for (let i = 0; i < 3000; i += 1) writeFileSync(join(queue, '_err', `item${i}`), '')
  const { screen } = await typed(command({ root, queue, items: [] }, 'retry', '--all'))
  await until(() => /^ended 0$/m.test(screen()), 30_000, screen)
  expect(screen()).toMatch(BAR)
  expect(namesIn(queue, 'que')).toHaveLength(3000)
})

describe('elsewhere `rq clean`', () => {
  it('draws nothing', async () => {
    const world = endedWorld(ARCHIVED, 200, 10)
    const said = await rq(world.root, ['clean'])
    expect(said).toMatchObject({ code: 0, stderr: '' })
    expect(said.stdout).not.toMatch(/[█░\u001b]/)
  })

  it.each(['SIGINT', 'SIGTERM'] as const)(
    'that gets %s while it reads its archive again believes nothing of it',
    async (signal) => {
      const world = endedWorld(ARCHIVED, 200, 200_000)
      const child = spawn(process.execPath, [BIN.rq, 'clean', '--root', world.root], {
        stdio: ['ignore', 'ignore', 'pipe'],
      })
      let stderr = ''
      child.stderr.on('data', (data) => {
        stderr += data
      })
      const code = new Promise((resolve) => child.once('close', resolve))
      const archive = join(world.queue, 'archive')
      await until(() => existsSync(archive) && archivesIn(archive).length > 0, 30_000)
      child.kill(signal)
      expect([await code, stderr]).toEqual([
        signal === 'SIGINT' ? 130 : 143,
        'rq: q: stopped; what is left to do is done by the next one\n',
      ])
      expectNothingLost(world)
      // Where nothing was removed for it yet, nothing was believed of it.
      if (itemsUnder(join(world.queue, 'done')).length === world.items.length) expect(archivesIn(archive)).toEqual([])
      await expectFinished(world)
    },
  )
})
