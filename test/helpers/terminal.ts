/** A real terminal, tmux's, with a shell in it. */
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'

export const TMUX = (process.env['PATH'] ?? '')
  .split(':')
  .map((dir) => join(dir, 'tmux'))
  .find((path) => existsSync(path))

export interface Terminal {
  /** Types a line. */
  enter(line: string): void
  /** Presses a key, as tmux calls it: `C-c`. */
  press(key: string): void
  screen(): string
  close(): void
}

let opened = 0

export function openTerminal(columns = 140, rows = 40): Terminal {
  opened += 1
  const socket = `rqd-test-${process.pid}-${opened}`
  const tmux = (...args: string[]) => execFileSync(TMUX ?? 'tmux', ['-L', socket, ...args], { encoding: 'utf8' })
  tmux('-f', '/dev/null', 'new-session', '-d', '-x', `${columns}`, '-y', `${rows}`, 'env PS1=prompt: sh')
  return {
    enter: (line) => void tmux('send-keys', line, 'Enter'),
    press: (key) => void tmux('send-keys', key),
    screen: () => tmux('capture-pane', '-p'),
    close: () => void tmux('kill-server'),
  }
}
