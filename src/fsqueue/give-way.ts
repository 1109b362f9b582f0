/** An item that makes room for another: removed while it waits, canceled while it runs. */
import type { ItemId, Millis } from '../domain/name.ts'
import type { Native } from '../os/native.ts'
import { QueueIoError } from './errors.ts'
import { writeNew } from './files.ts'
import { type BytePath, look, place, type QueueDir, stateDir, within } from './place.ts'
import { moveToTrash, replacementOf } from './trash.ts'
import { type Care, isOpen, type Remembered, whereabouts } from './whereabouts.ts'

export interface WayContext {
  readonly now: Millis
  readonly newId: (from: string) => ItemId
  readonly native: Native | undefined
  /** What becomes of one that runs: it is canceled, unless it shall be left alone. */
  readonly runs?: 'leave'
  /** How carefully it is looked for. */
  readonly care?: Care
}

/** `dirs` are to be synced, in this order. An item that ended meanwhile is left alone. */
export type GaveWay =
  | { readonly how: 'removed'; readonly dirs: readonly BytePath[] }
  | { readonly how: 'canceled' | 'left' | 'ended'; readonly dirs: readonly [] }

/** false: it left run/ meanwhile, and is looked for again. Whoever moves it looks for the mark right before. */
function cancel(item: BytePath): boolean {
  try {
    writeNew(within(item, 'cancel'), '')
  } catch (error) {
    if (!(error instanceof QueueIoError) || error.code !== 'ENOENT') throw error
  }
  return look(item) !== undefined
}

export function giveWay(queue: QueueDir, item: Remembered, context: WayContext): GaveWay {
  for (;;) {
    const found = whereabouts(queue, item, context.now, context.care ?? 'thorough')
    if (!isOpen(found)) return { how: 'ended', dirs: [] }
    if (found.state === 'run') {
      if (context.runs === 'leave') return { how: 'left', dirs: [] }
      if (cancel(place(queue, 'run', found.raw))) return { how: 'canceled', dirs: [] }
      continue
    }
    const moved = moveToTrash(queue, found, replacementOf(context.newId('')), context.native)
    if (moved.kind === 'moved') return { how: 'removed', dirs: [...moved.madeDirs, stateDir(queue, found.state)] }
  }
}
