/** What a verb needs of the world: given by the face that runs it. */
import type { Readable } from 'node:stream'
import type { ItemId, Millis } from '../domain/name.ts'
import type { LogEntry } from './event-log.ts'
import type { QueueMemory } from './queue-memory.ts'
import type { SyncGroup } from './sync-group.ts'

/** What a verb tells while it works. */
export type ServiceEvent =
  /** An item is published, and durable. */
  | { readonly kind: 'item'; readonly id: ItemId }
  | { readonly kind: 'progress'; readonly done: number; readonly total: number }
  /** A piece of a log. */
  | { readonly kind: 'log'; readonly chunk: Uint8Array }
  /** Of a log that is followed. */
  | { readonly kind: 'event'; readonly entry: LogEntry }
  | { readonly kind: 'note'; readonly text: string }

export interface Context {
  readonly root: string
  readonly now: () => Millis
  readonly newId: (from?: string) => ItemId
  readonly tell: (event: ServiceEvent) => void
  /** Before the next piece of a log: settles when whoever reads has room for it, or left. Without it there is always room. */
  readonly room?: () => Promise<void>
  /** The caller's input: a payload, or messages. */
  readonly input: () => Readable
  /** Lets a person edit a file; false when the editor failed. */
  readonly edit: (path: string) => Promise<boolean>
  /** Does anybody see the progress? Nothing is counted for it alone otherwise. */
  readonly showsProgress: boolean
  /** Asked to stop: finish what is begun, begin nothing. */
  readonly cancelled: AbortSignal
  /** What a process that is asked again and again remembers of the queues. */
  readonly memory?: QueueMemory
  /** No answer has more rows than this; without it as many as there are. */
  readonly mostRows?: number
  /** Where moves leave their syncs, to share them; without it each has its own. */
  readonly group?: SyncGroup
}
