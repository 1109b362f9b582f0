/** `rq top` in a real terminal, on a real daemon. */
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { BIN, type Daemon, makeQueue, startDaemon, tempRoot } from '../helpers/daemon.ts'
import { rq } from '../helpers/rq.ts'
import { hasTerminal, TestTerminal } from '../helpers/terminal.ts'
import { until } from '../helpers/until.ts'
import { openQueue } from '../helpers/worker.ts'

const SLOW = '#!/bin/sh\necho "run 40% half way" >&3\nsleep 60\n'

describe.skipIf(!hasTerminal)('on a terminal', () => {
  let root: string
  let daemon: Daemon
  let terminal: TestTerminal

  beforeEach(async () => {
    root = tempRoot()
    terminal = new TestTerminal()
    await terminal.start(140, 20)
  })

  afterEach(async () => {
    terminal.end()
    await daemon.stop()
  })

  /** Says `ended CODE` afterwards. */
  function top(env = ''): void {
    terminal.press(
      `clear; echo before; ${env} ${process.execPath} ${BIN.rq} top --root ${root}; echo ended $?`,
      'Enter',
    )
  }

  it('shows what runs, obeys keys, and leaves the screen as it was', async () => {
    const slow = openQueue(makeQueue(root, 'slow', SLOW))
    makeQueue(root, 'idle')
    daemon = await startDaemon(root)
    slow.drop()
    await until(() => slow.names('run').length === 1)
    top()
    await terminal.shows('40% half way', '> idle')
    terminal.press('s')
    await terminal.shows('sorted by waiting')
    terminal.press('j')
    await terminal.shows('> slow')
    terminal.press('p')
    await terminal.shows('slow: paused')
    expect(existsSync(join(slow.path, '_paused'))).toBe(true)
    terminal.resize(40, 12)
    await terminal.becomes(
      (screen) => screen.split('\n').every((line) => line.length <= 40) && !screen.includes('half way'),
    )
    terminal.press('?')
    await terminal.shows('put the item into')
    terminal.press('x')
    await terminal.shows('> slow')
    terminal.press('q')
    const left = await terminal.becomes((screen) => /^ended 0$/m.test(screen))
    expect(left).toMatch(/^before$/m)
    expect(left).not.toContain('slow ')
  })

  it('leads to the items of a queue and to all about one, and changes nothing without a yes', async () => {
    const queue = openQueue(makeQueue(root, 'mail', '#!/bin/sh\necho "no such user" >&2\nexit 65\n'))
    daemon = await startDaemon(root)
    const { stdout } = await rq(root, ['inject', 'mail', '--param', 'user=7'])
    const id = stdout.trim()
    await until(() => queue.names('_err').length === 1)
    await rq(root, ['pause', 'mail'])
    top()
    await terminal.shows('> mail')
    terminal.press('Enter')
    await terminal.shows(`> ${id}`, 'failed')
    terminal.press('Enter')
    await terminal.shows('user=7', 'exit 65')
    terminal.press('Left')
    await terminal.shows(`> ${id}`, 'esc back')
    terminal.press('r')
    await terminal.shows(`Run mail/${id} again? (y/n)`)
    terminal.press('n')
    await terminal.shows('nothing was done')
    expect(queue.names('_err')).toHaveLength(1)
    terminal.press('r')
    await terminal.shows('(y/n)')
    terminal.press('y')
    await terminal.shows('waits again', 'waiting')
    expect(queue.names('que')).toHaveLength(1)
    terminal.press('p')
    await terminal.shows('held')
    expect(queue.names('pause')).toHaveLength(1)
    terminal.press('x')
    await terminal.shows('trash? (y/n)')
    terminal.press('y')
    await terminal.shows('removed', 'none')
    terminal.press('Escape')
    await terminal.shows('> mail', 'DONE/MIN')
    terminal.press('r')
    await terminal.shows('nothing has failed')
    terminal.press('C-c')
    await terminal.shows('ended 130')
    expect((await rq(root, ['undo'])).stdout).toContain(id)
    expect(queue.names('pause')).toHaveLength(1)
  })

  it.each([
    ['SIGTERM', 143],
    ['SIGINT', 130],
    ['SIGHUP', 129],
  ] as const)('puts the screen back on %s', async (signal, code) => {
    makeQueue(root, 'idle')
    daemon = await startDaemon(root)
    top()
    await terminal.shows('> idle')
    expect(terminal.state()).toEqual({ isAlternate: true, hasCursor: false })
    execFileSync('pkill', [`-${signal.slice(3)}`, '-f', `rq top --root ${root}`])
    await terminal.shows(`ended ${code}`)
    expect(terminal.state()).toEqual({ isAlternate: false, hasCursor: true })
    terminal.press('echo typed', 'Enter')
    await terminal.becomes((screen) => /^prompt:echo typed\ntyped$/m.test(screen))
  })

  it('puts the screen back when it is suspended, and goes on afterwards', async () => {
    makeQueue(root, 'idle')
    daemon = await startDaemon(root)
    top()
    await terminal.shows('> idle')
    terminal.press('C-z')
    await terminal.shows('Stopped')
    expect(terminal.state()).toEqual({ isAlternate: false, hasCursor: true })
    terminal.press('fg', 'Enter')
    await terminal.shows('> idle')
    expect(terminal.state()).toEqual({ isAlternate: true, hasCursor: false })
    terminal.press('q')
    await terminal.becomes(() => !terminal.state().isAlternate)
  })

  it('says what the system refuses, and goes on when it no longer does', async () => {
    makeQueue(root, 'idle')
    daemon = await startDaemon(root)
    top()
    await terminal.shows('> idle')
    const pid = execFileSync('pgrep', ['-n', '-f', `rq top --root ${root}`], { encoding: 'utf8' }).trim()
    execFileSync('prlimit', ['--pid', pid, '--nofile=3:1024'])
    await terminal.shows('too many open files', '> idle')
    execFileSync('prlimit', ['--pid', pid, '--nofile=1024:1024'])
    makeQueue(root, 'another')
    await terminal.shows('another')
  })

  it('has colours, and none with NO_COLOR', async () => {
    const queue = openQueue(makeQueue(root, 'mail', '#!/bin/sh\nexit 65\n'))
    daemon = await startDaemon(root)
    queue.drop()
    await until(() => queue.names('_err').length === 1)
    top()
    await terminal.shows('> mail')
    expect(terminal.screen('-e')).toMatch(/\u001b\[31m +1/)
    terminal.press('q')
    await terminal.shows('ended 0')
    top('NO_COLOR=1')
    await terminal.shows('> mail')
    expect(terminal.screen('-e')).not.toMatch(/\u001b\[3[0-9]m/)
  })

  it('counts CPU and memory of all processes of a run, also of those that left its group', async () => {
    const hungry = `const all = Buffer.alloc(96 * 2 ** 20, 1); setInterval(() => all.fill(2), 10)`
    const queue = openQueue(
      makeQueue(root, 'fat', `#!/bin/sh\nsetsid ${process.execPath} -e '${hungry}' &\nsleep 60\n`),
    )
    daemon = await startDaemon(root)
    queue.drop()
    const seen = await until(async () => {
      const { stdout } = await rq(root, ['top', '--json'])
      const [run] = JSON.parse(stdout).running as { rss: number; cpu: number }[]
      return run !== undefined && run.rss > 96 * 2 ** 20 && run.cpu > 0 && run
    })
    expect(seen.rss).toBeLessThan(1024 * 2 ** 20)
  })
})

it('elsewhere it says once how things are, and names drive no terminal', async () => {
  const root = tempRoot()
  makeQueue(root, 'caf\u202e\u00e9')
  const { code, stdout } = await rq(root, ['top'])
  expect(code).toBe(0)
  expect(stdout).toContain('NO DAEMON')
  expect(stdout).toContain('caf\\u202e\u00e9')
  const { stdout: json } = await rq(root, ['top', '--json'])
  expect(JSON.parse(json)).toMatchObject({ daemon: false, queues: [{ donePerMinute: 0, oldest: null }], running: [] })
})
