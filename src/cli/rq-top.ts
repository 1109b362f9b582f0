/** `rq top` on a terminal: a frame a second, written at once; the screen is put back whatever ends it. */
import type { Context } from '../service/context.ts'
import { perform } from '../service/registry.ts'
import type { Top } from '../service/top.ts'
import { type Output, printable } from './output.ts'
import { SORTS, type Sort, sorted, topLines } from './rq-top-lines.ts'

const EVERY_MS = 1000
const ENTER = '\u001b[?1049h\u001b[?25l'
const LEAVE = '\u001b[?25h\u001b[?1049l'
const HELP = 'q quit   up/down or k/j select   p pause or resume   s sort'

export function watchTop(context: Context, input: unknown, out: Output): Promise<number> {
  const show = (text: string) => out.bytes(Buffer.from(text))
  const leave = () => {
    process.stdin.setRawMode(false)
    show(LEAVE)
  }
  show(ENTER)
  process.stdin.setRawMode(true)
  // Also after a crash.
  process.once('exit', leave)
  return new Promise((resolve) => {
    const screen = new Screen(context, input, show, (code) => {
      process.stdin.pause()
      clearInterval(timer)
      resolve(code)
    })
    const timer = setInterval(() => void screen.refresh(), EVERY_MS)
    process.stdin.on('data', (data) => void screen.key(data.toString()))
    process.on('SIGWINCH', () => screen.draw())
    for (const [signal, code] of [
      ['SIGINT', 130],
      ['SIGTERM', 143],
      ['SIGHUP', 129],
    ] as const)
      process.once(signal, () => screen.end(code))
    void screen.refresh()
  })
}

class Screen {
  #top: Top | undefined
  #selected: string | undefined
  #note = ''
  #sort: Sort = 'name'
  #isBusy = false

  readonly #context: Context
  readonly #input: unknown
  readonly #show: (text: string) => void
  readonly end: (code: number) => void

  constructor(context: Context, input: unknown, show: (text: string) => void, end: (code: number) => void) {
    this.#context = context
    this.#input = input
    this.#show = show
    this.end = end
  }

  async refresh(): Promise<void> {
    if (this.#isBusy) return
    this.#isBusy = true
    try {
      const { value, problems } = await perform('top', this.#context, this.#input)
      this.#take((value as Top | undefined) ?? this.#top)
      if (problems[0] !== undefined) this.#note = printable(problems[0].text)
      this.#selected ??= this.#top?.queues[0]?.name
    } finally {
      this.#isBusy = false
    }
    this.draw()
  }

  /** Each line is cut to the screen, and what is left of the frame before is wiped behind it. */
  draw(): void {
    if (this.#top === undefined) return
    const { columns: width = 80, rows: height = 24 } = process.stdout
    const lines = topLines(this.#top, this.#selected).slice(0, Math.max(1, height - 1))
    while (lines.length < height - 1) lines.push('')
    lines.push(this.#note || HELP)
    this.#show(`\u001b[H${lines.map((line) => `${[...line].slice(0, width).join('')}\u001b[K`).join('\r\n')}\u001b[J`)
  }

  async key(key: string): Promise<void> {
    if (key === 'q' || key === '\u0003') return this.end(key === 'q' ? 0 : 130)
    this.#note = ''
    if (key === 'j' || key === '\u001b[B') this.#select(1)
    if (key === 'k' || key === '\u001b[A') this.#select(-1)
    if (key === 's') this.#nextSort()
    if (key === 'p') await this.#pause()
    this.draw()
  }

  #take(top: Top | undefined): void {
    this.#top = top && { ...top, queues: sorted(top.queues, this.#sort) }
  }

  #nextSort(): void {
    // The order of names comes back with the next frame.
    this.#sort = SORTS[(SORTS.indexOf(this.#sort) + 1) % SORTS.length] ?? 'name'
    this.#take(this.#top)
    this.#note = `sorted by ${this.#sort}`
  }

  #select(by: number): void {
    const queues = this.#top?.queues ?? []
    const at = queues.findIndex(({ name }) => name === this.#selected)
    this.#selected = queues[Math.min(queues.length - 1, Math.max(0, at + by))]?.name
  }

  async #pause(): Promise<void> {
    const queue = this.#top?.queues.find(({ name }) => name === this.#selected)
    if (queue === undefined) return
    const verb = queue.paused ? 'resume' : 'pause'
    const { problems } = await perform(verb, this.#context, { queue: [queue.name], all: false })
    await this.refresh()
    this.#note = printable(problems[0]?.text ?? `${queue.name}: ${verb}d`)
    this.draw()
  }
}
