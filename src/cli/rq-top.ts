/** `rq top` on a terminal: a frame a second, written at once; the screen is put back whatever ends it. */
import { refusedBySystem } from '../fsqueue/errors.ts'
import type { Context } from '../service/context.ts'
import { refusalText } from '../service/drafts.ts'
import type { Listing } from '../service/ls.ts'
import { perform } from '../service/registry.ts'
import type { Shown as ShownItem } from '../service/show.ts'
import type { Top } from '../service/top.ts'
import type { Output } from './output.ts'
import { RENDERERS } from './rq-render.ts'
import { renderShown } from './rq-render-show.ts'
import { frame, type Seen } from './rq-top-frame.ts'
import { sorted } from './rq-top-lines.ts'
import { type Deed, FIRST_VIEW, type Order, press, sourceOf, type View } from './rq-top-view.ts'
import { Terminal } from './terminal.ts'

const EVERY_MS = 1000
const CODES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const

/** Resolves with the exit code. */
export async function watchTop(given: Context, input: Deed['input'], out: Output): Promise<number> {
  const { stdin } = process
  const leaving = new AbortController()
  const context = { ...given, cancelled: AbortSignal.any([given.cancelled, leaving.signal]) }
  const terminal = new Terminal(out)
  // Also after a crash.
  process.once('exit', () => terminal.leave())
  terminal.enter()
  try {
    return await new Promise((resolve, reject) => {
      const screen = new Screen(context, input, { terminal, paint: out.paint }, { resolve, reject })
      terminal.onKey((key) => screen.key(key))
      stdin.once('end', () => resolve(CODES.SIGHUP))
      process.on('SIGWINCH', () => screen.draw())
      process.on('SIGCONT', () => {
        terminal.enter()
        screen.draw()
      })
      for (const [signal, code] of Object.entries(CODES)) process.once(signal, () => resolve(code))
      const timer = setInterval(() => screen.look(), EVERY_MS)
      leaving.signal.addEventListener('abort', () => clearInterval(timer))
      screen.look()
    })
  } finally {
    leaving.abort()
    terminal.leave()
    stdin.pause()
  }
}

interface Face {
  readonly terminal: Terminal
  readonly paint: Output['paint']
}

interface Ends {
  readonly resolve: (code: number) => void
  readonly reject: (error: unknown) => void
}

class Screen {
  #view: View = FIRST_VIEW
  #seen: Seen = { top: undefined, listing: undefined, lines: [] }
  /** What the last look said beside what it saw. */
  #trouble = ''
  #isLooking = false
  #wantsAnother = false

  readonly #context: Context
  readonly #input: Deed['input']
  readonly #face: Face
  readonly #ends: Ends

  constructor(context: Context, input: Deed['input'], face: Face, ends: Ends) {
    this.#context = context
    this.#input = input
    this.#face = face
    this.#ends = ends
  }

  /** What the page shows, as it is now; one look at a time. `isWanted`: one that began earlier does not do. */
  look(isWanted = false): void {
    if (this.#isLooking) {
      this.#wantsAnother ||= isWanted
      return
    }
    this.#isLooking = true
    this.#wantsAnother = false
    this.#read()
      .catch((error: unknown) => this.#failed(error))
      .finally(() => {
        this.#isLooking = false
        this.draw()
        if (this.#wantsAnother) this.look()
      })
  }

  async #read(): Promise<void> {
    const { page } = this.#view
    const source = sourceOf(page, this.#input)
    if (source === undefined) return
    const { value, problems } = await perform(source.verb, this.#context, source.input)
    // Another page was chosen meanwhile.
    if (JSON.stringify(sourceOf(this.#view.page, this.#input)) !== JSON.stringify(source)) return
    this.#trouble = problems[0]?.text ?? ''
    if (value !== undefined) this.#take(page.kind, value)
  }

  #take(kind: View['page']['kind'], value: unknown): void {
    switch (kind) {
      case 'queues':
        this.#seen = { ...this.#seen, top: value as Top }
        return
      case 'items':
        this.#seen = { ...this.#seen, listing: value as Listing }
        return
      case 'item': {
        const lines = written((out) => {
          for (const item of value as readonly ShownItem[]) renderShown(item, out, this.#context.now())
        })
        this.#seen = { ...this.#seen, lines }
        return
      }
      case 'help':
    }
  }

  draw(): void {
    const { columns: width = 80, rows: height = 24 } = process.stdout
    const view = { ...this.#view, note: this.#trouble || this.#view.note }
    const lines = frame(view, this.#sorted(), { width, height }, this.#context.now(), this.#face.paint)
    // What is left of the frame before is wiped behind each line.
    this.#face.terminal.write(`\u001b[H${lines.map((line) => `${line}\u001b[K`).join('\r\n')}\u001b[J`)
  }

  #sorted(): Seen {
    const { top } = this.#seen
    return { ...this.#seen, top: top && { ...top, queues: sorted(top.queues, this.#view.sort) } }
  }

  key(key: string): void {
    if (key === 'ctrl+z') {
      this.#face.terminal.suspend()
      return
    }
    const { top, listing } = this.#sorted()
    const { view, order } = press(this.#view, key, { queues: top?.queues ?? [], items: listing?.items ?? [] })
    // What was shown of another queue is not shown under the name of this one.
    if (order?.kind === 'look' && view.page.kind !== 'queues')
      this.#seen = { ...this.#seen, listing: undefined, lines: [] }
    this.#view = view
    this.draw()
    if (order !== undefined) this.#obey(order)
  }

  #obey(order: Order): void {
    switch (order.kind) {
      case 'quit':
        this.#ends.resolve(order.code)
        return
      case 'look':
        this.look(true)
        return
      case 'do':
        this.#do(order.deed).catch((error: unknown) => this.#failed(error))
    }
  }

  /** What the disk or a limit refuses now may go well later; anything else is a bug. */
  #failed(thrown: unknown): void {
    try {
      this.#trouble = refusalText(refusedBySystem('read', this.#context.root, thrown))
    } catch (bug) {
      this.#ends.reject(bug)
    }
  }

  async #do({ verb, input }: Deed): Promise<void> {
    this.#view = { ...this.#view, note: `${verb} ...` }
    this.draw()
    const { value, problems } = await perform(verb, this.#context, input)
    const said = written((out) => {
      const screen = { out, err: out, now: this.#context.now(), input }
      if (value !== undefined) RENDERERS[verb](value as never, screen)
    })
    this.#view = { ...this.#view, note: [...problems.map(({ text }) => text), ...said].join('; ') }
    this.look(true)
  }
}

/** What is written for people, line by line. */
function written(write: (out: Output) => void): string[] {
  const paint: Output['paint'] = (_, text) => text
  const lines: string[] = []
  write({ isTerminal: true, paint, line: (text) => lines.push(...text.split('\n')), bytes: () => undefined })
  return lines
}
