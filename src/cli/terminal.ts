/** A terminal of which a program has the whole screen and every key. */
import { emitKeypressEvents, type Key } from 'node:readline'
import type { Output } from './output.ts'

// Another screen, no cursor, and no line goes on below by itself: a letter may be wider than it is said to be.
const ENTER = '\u001b[?1049h\u001b[?25l\u001b[?7l'
const LEAVE = '\u001b[?7h\u001b[?25h\u001b[?1049l'

export class Terminal {
  #isEntered = false
  readonly #out: Output

  constructor(out: Output) {
    this.#out = out
  }

  enter(): void {
    this.#isEntered = true
    process.stdin.setRawMode(true)
    this.#out.bytes(Buffer.from(ENTER))
  }

  /** What comes when it was left already is not shown. */
  write(text: string): void {
    if (this.#isEntered) this.#out.bytes(Buffer.from(text))
  }

  leave(): void {
    if (!this.#isEntered) return
    this.#isEntered = false
    process.stdin.setRawMode(false)
    this.#out.bytes(Buffer.from(LEAVE))
  }

  /** Told by the names of node:readline, or as the character itself. */
  onKey(pressed: (key: string) => void): void {
    emitKeypressEvents(process.stdin)
    process.stdin.on('keypress', (text: string | undefined, key: Key) => pressed(nameOf(text, key)))
  }

  /** As a terminal does it for programs that leave its keys alone: the whole job stops. After SIGCONT it is to be entered again. */
  suspend(): void {
    this.leave()
    process.kill(0, 'SIGTSTP')
  }
}

function nameOf(text: string | undefined, { ctrl, name, sequence }: Key): string {
  if (ctrl === true) return `ctrl+${name}`
  return text !== undefined && /^[!-~]$/.test(text) ? text : (name ?? sequence ?? '')
}
