/** How all queues are, pushed once a second to whoever looks; nothing is computed when nobody does any more. */
import type { FastifyReply } from 'fastify'
import { perform } from '../service/registry.ts'
import type { LiveUpdate, Top, TopQueue } from '../service/top.ts'
import { contextFor } from './context.ts'
import { EventStream } from './sse.ts'

const EVERY = 1_000
/** Who comes later than so after the last look waits for a new one. Milliseconds. */
const STILL_NEWS = 2_000
/** So long after the last one left it is looked on: who comes back, as by a reload, is told at once. Milliseconds. */
const LOOKED_ON = 30_000

export class Live {
  readonly #root: string
  readonly #listeners = new Set<EventStream>()
  /** They have not seen the whole yet. */
  readonly #fresh = new Set<EventStream>()
  #last = new Map<string, string>()
  #seen: { readonly top: Top; readonly at: number } | undefined
  #timer: NodeJS.Timeout | undefined
  #isBusy = false
  /** When somebody joined or left, or was expected. */
  #wanted = 0

  constructor(root: string) {
    this.#root = root
  }

  join(reply: FastifyReply): FastifyReply {
    const stream: EventStream = new EventStream(reply, () => this.#leave(stream))
    this.#listeners.add(stream)
    this.#lookOn()
    const top = this.#news()
    if (top !== undefined) {
      // What was seen a moment ago; what changed since comes with the next turn, like all changes.
      stream.send('top', JSON.stringify(updateOf(top, top.queues, true, [])))
    } else {
      this.#fresh.add(stream)
      void this.#turn()
    }
    return reply
  }

  /** Somebody will join as soon as his browser has the page: it is looked meanwhile. */
  expect(): void {
    this.#lookOn()
    if (this.#news() === undefined) void this.#turn()
  }

  close(): void {
    clearInterval(this.#timer)
    for (const stream of this.#listeners) stream.close()
  }

  #news(): Top | undefined {
    return this.#seen !== undefined && performance.now() - this.#seen.at < STILL_NEWS ? this.#seen.top : undefined
  }

  #leave(stream: EventStream): void {
    this.#listeners.delete(stream)
    this.#fresh.delete(stream)
    this.#wanted = performance.now()
  }

  #lookOn(): void {
    this.#wanted = performance.now()
    this.#timer ??= setInterval(() => {
      if (this.#listeners.size > 0 || performance.now() - this.#wanted < LOOKED_ON) return void this.#turn()
      clearInterval(this.#timer)
      this.#timer = undefined
    }, EVERY)
  }

  async #turn(): Promise<void> {
    if (this.#isBusy) return
    this.#isBusy = true
    try {
      const { value } = await perform('top', contextFor(this.#root), { queue: [] })
      if (value !== undefined) this.#push(value as Top)
    } catch (error) {
      // A disk that fails now may be well in a second; who looks is told.
      const text = error instanceof Error ? error.message : String(error)
      for (const stream of this.#listeners) stream.send('trouble', JSON.stringify({ text }))
    } finally {
      this.#isBusy = false
    }
  }

  #push(top: Top): void {
    const rows = new Map(top.queues.map((row) => [row.name, JSON.stringify(row)]))
    const changed = top.queues.filter((row) => rows.get(row.name) !== this.#last.get(row.name))
    const gone = [...this.#last.keys()].filter((name) => !rows.has(name))
    this.#last = rows
    this.#seen = { top, at: performance.now() }
    const some = JSON.stringify(updateOf(top, changed, false, gone))
    const whole = this.#fresh.size === 0 ? '' : JSON.stringify(updateOf(top, top.queues, true, gone))
    for (const stream of this.#listeners) stream.send('top', this.#fresh.has(stream) ? whole : some)
    this.#fresh.clear()
  }
}

function updateOf(top: Top, queues: readonly TopQueue[], whole: boolean, gone: readonly string[]): LiveUpdate {
  return { ...top, whole, queues, gone }
}
