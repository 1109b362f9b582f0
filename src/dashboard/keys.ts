/** Keys: pages say which they know while they are shown, and `?` lists them. */
import { useLayoutEffect, useRef } from 'preact/hooks'

export interface Key {
  /** `x`, `Escape`, or two in a row: `g q`. */
  readonly keys: string
  readonly says: string
  readonly run: () => void
}

interface Layer {
  keys: readonly Key[]
}

const layers: Layer[] = []
const SECOND_KEY_WITHIN = 1_000
let first: { readonly key: string; readonly at: number } | undefined

/** While the component is shown. Of two that know a key, the one shown last has it; those of the frame come after all others. */
export function useKeys(keys: readonly Key[], of: 'page' | 'frame' = 'page'): void {
  const layer = useRef<Layer>({ keys })
  layer.current.keys = keys
  // Before the paint: what is seen can be acted on.
  useLayoutEffect(() => {
    const { current } = layer
    if (of === 'frame') layers.unshift(current)
    else layers.push(current)
    return () => void layers.splice(layers.indexOf(current), 1)
  }, [])
}

export function knownKeys(): readonly Key[] {
  const seen = new Set<string>()
  return layers
    .toReversed()
    .flatMap(({ keys }) => keys)
    .filter(({ keys }) => !seen.has(keys) && seen.add(keys))
}

export function listenToKeys(): void {
  addEventListener('keydown', (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key === 'k') return runKey(event, 'Ctrl-k')
    if (event.ctrlKey || event.metaKey || event.altKey || isForOthers(event)) return
    runKey(event, event.key)
  })
}

function runKey(event: KeyboardEvent, key: string): void {
  const found = event.defaultPrevented || isDialogOpen() ? undefined : find(key)
  if (found === undefined) return
  event.preventDefault()
  found.run()
}

/** What lies under a dialog is out of reach, by keys as by the pointer. */
function isDialogOpen(): boolean {
  return document.querySelector('dialog[open]') !== null
}

/** In a field keys are letters, and Escape leaves it; Enter presses the button or follows the link that has the focus. */
function isForOthers({ target, key }: KeyboardEvent): boolean {
  if (!(target instanceof HTMLElement)) return false
  if (key === 'Enter' && target.matches('a, button, summary, input')) return true
  const isField =
    target.isContentEditable || target.matches('input:not([type=checkbox]):not([type=radio]), textarea, select')
  if (isField && key === 'Escape') target.blur()
  return isField
}

function find(key: string): Key | undefined {
  const before = first !== undefined && performance.now() - first.at < SECOND_KEY_WITHIN ? first.key : undefined
  const known = knownKeys()
  const second = known.find(({ keys }) => keys === `${before} ${key}`)
  first = second === undefined ? { key, at: performance.now() } : undefined
  return second ?? known.find(({ keys }) => keys === key)
}
