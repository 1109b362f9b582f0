/** `rq top` in a real terminal, tmux's, on a real daemon. */
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { BIN, makeQueue, startDaemon, tempRoot } from '../helpers/daemon.ts'
import { rq } from '../helpers/rq.ts'
import { until } from '../helpers/until.ts'
import { openQueue } from '../helpers/worker.ts'

const TMUX = (process.env['PATH'] ?? '')
  .split(':')
  .map((dir) => join(dir, 'tmux'))
  .find((path) => existsSync(path))
const SOCKET = `rqd-top-${process.pid}`

function tmux(...args: string[]): string {
  return execFileSync(TMUX ?? 'tmux', ['-L', SOCKET, ...args], { encoding: 'utf8' })
}

const screen = () => tmux('capture-pane', '-p')

afterAll(() => {
  if (TMUX !== undefined) tmux('kill-server')
})

describe.skipIf(TMUX === undefined)('on a terminal', () => {
  it('shows what runs, obeys keys, and leaves the screen as it was', async () => {
    const root = tempRoot()
    const slow = openQueue(makeQueue(root, 'slow', '#!/bin/sh\necho "run 40% half way" >&3\nsleep 60\n'))
    makeQueue(root, 'idle')
    const daemon = await startDaemon(root)
    slow.drop()
    await until(() => slow.names('run').length === 1)
    tmux('-f', '/dev/null', 'new-session', '-d', '-x', '140', '-y', '20', 'env PS1=prompt: sh')
    tmux('send-keys', `echo before; ${process.execPath} ${BIN.rq} top --root ${root}; echo ended $?`, 'Enter')
    await until(() => screen().includes('40% half way') && screen().includes('> idle'), 15_000, screen)
    tmux('send-keys', 's')
    await until(() => screen().includes('sorted by waiting'), 15_000, screen)
    tmux('send-keys', 'j')
    await until(() => screen().includes('> slow'), 15_000, screen)
    tmux('send-keys', 'p')
    await until(() => screen().includes('slow: paused'), 15_000, screen)
    expect(existsSync(join(slow.path, '_paused'))).toBe(true)
    tmux('resize-window', '-x', '40', '-y', '12')
    await until(
      () =>
        screen()
          .split('\n')
          .every((line) => line.length <= 40),
      15_000,
      screen,
    )
    tmux('send-keys', 'q')
    await until(() => /^ended 0$/m.test(screen()) && /^before$/m.test(screen()), 15_000, screen)
    expect(screen()).not.toContain('half way')
    await daemon.stop()
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
