/** A real terminal, tmux's, for programs that draw on one. */
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { until } from './until.ts'

const DEADLINE = 15_000

const TMUX = (process.env['PATH'] ?? '')
  .split(':')
  .map((dir) => join(dir, 'tmux'))
  .find((path) => existsSync(path))

export const hasTerminal = TMUX !== undefined

let made = 0

export class TestTerminal {
  readonly #socket = `rqd-${process.pid}-${++made}`

  /** A plain sh; returns when it waits for words: what is typed before is shown twice. */
  async start(width: number, height: number): Promise<void> {
    this.#tmux('-f', '/dev/null', 'new-session', '-d', '-x', `${width}`, '-y', `${height}`, 'env PS1=prompt: sh')
    await this.shows('prompt:')
  }

  /** Each word is a key by tmux's name, or text. */
  press(...keys: string[]): void {
    this.#tmux('send-keys', ...keys)
  }

  resize(width: number, height: number): void {
    this.#tmux('resize-window', '-x', `${width}`, '-y', `${height}`)
  }

  screen(...options: string[]): string {
    return this.#tmux('capture-pane', '-p', ...options)
  }

  /** Until the screen is so. */
  async becomes(condition: (screen: string) => boolean): Promise<string> {
    let seen = ''
    return until(
      () => {
        seen = this.screen()
        return condition(seen) && `${seen} `
      },
      DEADLINE,
      () => `the screen is\n${seen}`,
    )
  }

  shows(...texts: string[]): Promise<string> {
    return this.becomes((screen) => texts.every((text) => screen.includes(text)))
  }

  /** Is the alternate screen in use, and the cursor visible? */
  state(): { readonly isAlternate: boolean; readonly hasCursor: boolean } {
    const [alternate, cursor] = this.#tmux('display-message', '-p', '#{alternate_on} #{cursor_flag}').trim().split(' ')
    return { isAlternate: alternate === '1', hasCursor: cursor === '1' }
  }

  end(): void {
    this.#tmux('kill-server')
  }

  #tmux(...args: string[]): string {
    return execFileSync(TMUX ?? 'tmux', ['-L', this.#socket, ...args], { encoding: 'utf8' })
  }
}
