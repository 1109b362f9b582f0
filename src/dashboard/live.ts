/** How all queues are, pushed by the server; nothing is asked for while the page is hidden. */
import { effect, signal } from '@preact/signals'
import type { RunRow } from '../service/running.ts'
import type { LiveUpdate, TopQueue } from '../service/top.ts'
import { apiUrl } from './api.ts'
import { session } from './session.ts'
import { setClock } from './ui/clock.ts'

export type Connection = 'connecting' | 'live' | 'lost' | 'hidden'

export interface Now {
  readonly root: string
  readonly time: string
  readonly daemon: boolean
  readonly paused: boolean
  readonly running: readonly RunRow[]
}

export const connection = signal<Connection>('connecting')
export const now = signal<Now | undefined>(undefined)
export const queues = signal<ReadonlyMap<string, TopQueue>>(new Map())

let source: EventSource | undefined

/** Begun before it is known who asks, and ended when nobody is signed in. */
export function watch(): void {
  document.addEventListener('visibilitychange', () => (document.hidden ? pause() : connect()))
  effect(() => (session.value.kind === 'out' ? pause() : connect()))
}

function pause(): void {
  source?.close()
  source = undefined
  connection.value = 'hidden'
}

function connect(): void {
  if (source !== undefined || document.hidden || session.peek().kind === 'out') return
  connection.value = 'connecting'
  source = new EventSource(apiUrl('/live'))
  source.addEventListener('top', (event) => take(JSON.parse(event.data) as LiveUpdate))
  source.onerror = () => {
    connection.value = 'lost'
    // The browser tries again by itself unless the answer was a refusal.
    if (source?.readyState !== EventSource.CLOSED) return
    source = undefined
    setTimeout(connect, 2_000)
  }
}

function take({ whole, queues: changed, gone, ...rest }: LiveUpdate): void {
  connection.value = 'live'
  now.value = rest
  setClock(rest.time)
  if (!whole && changed.length === 0 && gone.length === 0) return
  const before = whole ? NONE : queues.value
  const next = new Map(before)
  for (const row of changed) next.set(row.name, row)
  const isLonger = next.size > before.size
  for (const name of gone) next.delete(name)
  queues.value = isLonger ? new Map([...next].toSorted(([a], [b]) => (a < b ? -1 : 1))) : next
}

const NONE: ReadonlyMap<string, TopQueue> = new Map()

/** What was just done is shown at once; the next update says it again, or better. */
export function changeRow(name: string, so: Partial<TopQueue>): void {
  const row = queues.value.get(name)
  if (row !== undefined) queues.value = new Map([...queues.value, [name, { ...row, ...so }]])
}
