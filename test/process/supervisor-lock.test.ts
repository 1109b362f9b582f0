import { execFileSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { environmentOf } from '../../src/os/process.ts'
import { makeQueue, startDaemon, tempRoot } from '../helpers/daemon.ts'
import { removeWhileWritten } from '../helpers/remove.ts'
import { rqd, workersOf } from '../helpers/rqd.ts'
import { until } from '../helpers/until.ts'
import { openQueue } from '../helpers/worker.ts'

/** Everything in a tree that a second daemon could change, but what the first one writes by itself. */
function picture(root: string): Record<string, number> {
  const own = /_status\.json|_stats|_lock\.host|_log$/
  const found: Record<string, number> = {}
  for (const name of readdirSync(root, { recursive: true, encoding: 'utf8' })) {
    const stat = statSync(join(root, name), { throwIfNoEntry: false })
    if (stat !== undefined && !own.test(name)) found[name] = stat.isFile() ? stat.mtimeMs : 0
  }
  return found
}

describe('one daemon per root', () => {
  test('a second one exits with 75, names the first and changes nothing; by a symlink too', async () => {
    const root = tempRoot()
    const queue = makeQueue(root, 'a')
    const daemon = await startDaemon(root)
    await until(() => existsSync(join(queue, '_lock')))
    const link = `${tempRoot()}/link`
    symlinkSync(root, link)
    const before = picture(root)
    for (const path of [root, link]) {
      const second = await rqd('start', '--root', path)
      expect(second).toMatchObject({ code: 75, stderr: expect.stringContaining(`pid ${daemon.pid}`) })
    }
    const background = await rqd('start', '--daemon', '--root', root)
    expect(background).toMatchObject({ code: 75, stderr: expect.stringContaining(`pid ${daemon.pid}`) })
    expect(picture(root)).toEqual(before)
    expect(await daemon.stop()).toEqual({ code: 0, signal: null })
  })

  test('by a bind mount too', { skip: process.getuid?.() !== 0 }, async () => {
    const root = tempRoot()
    const daemon = await startDaemon(root)
    const mount = tempRoot()
    execFileSync('mount', ['--bind', root, mount])
    try {
      const second = await rqd('start', '--root', mount)
      expect(second).toMatchObject({ code: 75, stderr: expect.stringContaining(`pid ${daemon.pid}`) })
    } finally {
      execFileSync('umount', [mount])
    }
    await daemon.stop()
  })

  test('also when somebody removes the lock file', async () => {
    const root = tempRoot()
    const daemon = await startDaemon(root)
    rmSync(join(root, '_lock'))
    const second = await rqd('start', '--root', root)
    expect(second).toMatchObject({ code: 75, stderr: expect.stringContaining(`pid ${daemon.pid}`) })
    await until(() => readFileSync(join(root, '_lock'), 'utf8').includes(`"pid":${daemon.pid}`))
    await daemon.stop()
  })

  // Each waits for the next beat of its heart.
  test.concurrent.each([
    ['removed', /the root was removed or renamed: there is no /, (root) => removeWhileWritten(root)],
    [
      'replaced',
      /the root was replaced: /,
      (root) => {
        renameSync(root, `${root}.old`)
        mkdirSync(root)
      },
    ],
    ['robbed of its heartbeat', /somebody removed .*_lock\.host/, (root) => rmdirSync(join(root, '_lock.host'))],
    [
      'taken by another host',
      /another host has taken the root: /,
      (root) => utimesSync(join(root, '_lock.host'), 1_000_000_000, 1_000_000_000),
    ],
  ] as const satisfies readonly (readonly [string, RegExp, (root: string) => void])[])(
    'a root that was %s ends it, and it says so',
    async (_how, what, lose) => {
      const root = join(tempRoot(), 'root')
      mkdirSync(root)
      const daemon = await startDaemon(root)
      lose(root)
      expect(await daemon.ended).toEqual({ code: 0, signal: null })
      const said = daemon.events().filter((event) => event['kind'] === 'trouble')
      expect(said.map((event) => event['what'])).toContainEqual(expect.stringMatching(what))
    },
  )

  test('after kill -9 a new one starts at once, and works', async () => {
    const root = tempRoot()
    const queue = openQueue(makeQueue(root, 'a'))
    const first = await startDaemon(root)
    await first.stop('SIGKILL')
    expect(existsSync(join(root, '_lock.host'))).toBe(true)
    const started = performance.now()
    const second = await startDaemon(root)
    // The heartbeat of the dead one would hold for 20 s.
    expect(performance.now() - started).toBeLessThan(10_000)
    expect(await queue.settled(queue.drop())).toBe('done')
    expect(second.events().some((event) => event['kind'] === 'unclean-boot')).toBe(false)
    await second.stop()
  })
})

describe('what the last daemon left', () => {
  test('after a clean stop: a word that it was one', async () => {
    const root = tempRoot()
    const daemon = await startDaemon(root)
    expect(readFileSync(join(root, 'rqd.pid'), 'utf8')).toBe(`${daemon.pid}\n`)
    expect(await daemon.stop()).toEqual({ code: 0, signal: null })
    expect(JSON.parse(readFileSync(join(root, '_lock'), 'utf8'))).toMatchObject({ pid: daemon.pid, clean: true })
    expect(existsSync(join(root, 'rqd.pid'))).toBe(false)
    expect(existsSync(join(root, '_lock.host'))).toBe(false)
  })

  test('a note of another boot: the machine went down, workers are careful for a while', async () => {
    const root = tempRoot()
    makeQueue(root, 'a')
    const note = { pid: 1, start: 1, boot: 'another', host: 'here', since: '', clean: false }
    writeFileSync(join(root, '_lock'), JSON.stringify(note))
    mkdirSync(join(root, '_lock.host'))
    const daemon = await startDaemon(root)
    expect(daemon.events().some((event) => event['kind'] === 'unclean-boot')).toBe(true)
    const worker = await until(() => workersOf(daemon.pid).get('a'))
    const carefulUntil = Number(await until(() => environmentOf(worker, 'RQD_CAREFUL_UNTIL')))
    expect(carefulUntil).toBeGreaterThan(Date.now() + 9 * 60_000)
    expect(carefulUntil).toBeLessThan(Date.now() + 11 * 60_000)
    await daemon.stop()
  })

  test('a clean note of another boot is no reason for care', async () => {
    const root = tempRoot()
    const note = { pid: 1, start: 1, boot: 'another', host: 'here', since: '', clean: true }
    writeFileSync(join(root, '_lock'), JSON.stringify(note))
    const daemon = await startDaemon(root)
    expect(daemon.events().some((event) => event['kind'] === 'unclean-boot')).toBe(false)
    await daemon.stop()
  })

  test('a torn note is no note', async () => {
    const root = tempRoot()
    writeFileSync(join(root, '_lock'), '{"pid":12')
    const daemon = await startDaemon(root)
    expect(daemon.events().some((event) => event['kind'] === 'unclean-boot')).toBe(false)
    await daemon.stop()
  })
})

describe('a root that is refused', () => {
  test('of a newer format', async () => {
    const root = tempRoot()
    writeFileSync(join(root, '_format'), '999\n')
    const answer = await rqd('start', '--root', root)
    expect(answer).toMatchObject({ code: 1, stderr: expect.stringContaining('newer rqd') })
    expect(readdirSync(root)).toEqual(['_format'])
  })

  test('a directory with other things in it', async () => {
    const root = tempRoot()
    writeFileSync(join(root, 'letter.txt'), '')
    expect(await rqd('start', '--root', root)).toMatchObject({ code: 1 })
    expect(readdirSync(root)).toEqual(['letter.txt'])
  })
})
