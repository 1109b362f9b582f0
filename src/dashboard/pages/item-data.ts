/** An item, followed while it moves: what is known of it is asked for again when its queue changes. */
import { useEffect, useRef, useState } from 'preact/hooks'
import type { Listing } from '../../service/ls.ts'
import type { Shown } from '../../service/show.ts'
import type { Trash } from '../../service/trash.ts'
import type { Why } from '../../service/why.ts'
import { get, itemPath, Refusal, wordsOf } from '../api.ts'
import { itemHref } from '../links.ts'
import { now, queues } from '../live.ts'
import { go } from '../router.ts'
import { toast } from '../ui/toasts.tsx'

export type ItemState =
  | { readonly kind: 'asking' }
  | { readonly kind: 'here'; readonly item: Shown; readonly why: Why }
  | { readonly kind: 'removed'; readonly when: string | null }
  | { readonly kind: 'gone' }
  | { readonly kind: 'refused'; readonly text: string }

/** Between two looks at an item; milliseconds. */
const PACE = 900
/** Looked at anew at least so often; milliseconds. */
const EVERY = 4_000

export function useItem(queue: string, id: string): { readonly state: ItemState; readonly look: () => void } {
  const [state, setState] = useState<ItemState>({ kind: 'asking' })
  const { wait, end } = usePace()
  const look = () => wait(() => ask(queue, id).then((found) => found !== undefined && setState(found)))
  // Another item is asked for at once.
  useEffect(() => {
    setState({ kind: 'asking' })
    end()
    look()
    return end
  }, [queue, id])
  const row = queues.value.get(queue)
  const run = now.value?.running.find((one) => one.id === id && one.queue === queue)
  const progress = run?.progress?.text
  useEffect(look, [row, run?.attempt, progress])
  // A retry that fails at once may leave its queue as it was.
  useEffect(() => {
    const timer = setInterval(() => !document.hidden && look(), EVERY)
    return () => clearInterval(timer)
  }, [queue, id])
  return { state, look }
}

/** At once, and again when the last answer is so old that another one is due. */
function usePace() {
  const pending = useRef<{ timer: ReturnType<typeof setTimeout> | undefined; last: number }>({
    ...{ timer: undefined, last: Number.NEGATIVE_INFINITY },
  })
  return {
    wait: (run: () => void) => {
      const { current } = pending
      if (current.timer !== undefined) return
      const pause = Math.max(0, current.last + PACE - performance.now())
      current.timer = setTimeout(() => {
        current.timer = undefined
        current.last = performance.now()
        run()
      }, pause)
    },
    end: () => {
      clearTimeout(pending.current.timer)
      pending.current = { timer: undefined, last: Number.NEGATIVE_INFINITY }
    },
  }
}

/** undefined: it was followed to where it is now. */
async function ask(queue: string, id: string): Promise<ItemState | undefined> {
  const path = itemPath(queue, id)
  try {
    const [shown, why] = await Promise.all([get<Shown>(path), get<Why>(`${path}/why`)])
    return { kind: 'here', item: shown.value, why: why.value }
  } catch (error) {
    if (error instanceof Refusal && error.status === 404) return whatBecame(queue, id)
    return { kind: 'refused', text: wordsOf(error) }
  }
}

async function whatBecame(queue: string, id: string): Promise<ItemState | undefined> {
  try {
    const { value } = await get<Listing>('/items', { query: `id:${JSON.stringify(id)}`, all: true, limit: 2 })
    const elsewhere = value.items.find((one) => one.id === id && one.queue !== queue)
    if (elsewhere !== undefined) {
      toast(`It is in ${elsewhere.queue} now`)
      go(itemHref(elsewhere.queue, id), 'replace')
      return undefined
    }
    const trash = await get<Trash>('/trash', { queue, limit: 1_000 })
    const removed = trash.value.items.find((one) => one.id === id)
    return removed === undefined ? { kind: 'gone' } : { kind: 'removed', when: removed.removed }
  } catch (error) {
    // The queue itself is gone.
    if (error instanceof Refusal && error.status === 404) return { kind: 'gone' }
    return { kind: 'refused', text: wordsOf(error) }
  }
}
