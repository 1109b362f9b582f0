/** While somebody points at a list or stands in it, its rows keep their places: what is new is counted, what is gone stays, dim. */
import { useRef, useState } from 'preact/hooks'

export interface Shown<R> {
  readonly key: string
  readonly row: R
  /** It is in the list no more. */
  readonly isGone: boolean
}

export interface Frozen<R> {
  readonly shown: readonly Shown<R>[]
  /** Rows that are not shown yet. */
  readonly fresh: number
  /** Shows the list as it is. */
  readonly thaw: () => void
  readonly bind: {
    readonly onPointerEnter: () => void
    readonly onPointerLeave: () => void
    readonly onFocusIn: () => void
    readonly onFocusOut: (event: FocusEvent) => void
  }
}

/** `of`: what the list is of; another list is shown at once. */
export function useFrozen<R>(rows: readonly R[], keyOf: (row: R) => string, of: string): Frozen<R> {
  const held = useRef<{ of: string; rows: Map<string, R> }>({ of, rows: new Map() })
  const [isPointed, setPointed] = useState(false)
  const [isFocused, setFocused] = useState(false)
  const [, redraw] = useState(0)
  const current = new Map(rows.map((row) => [keyOf(row), row]))
  const before = held.current
  const isFrozen = (isPointed || isFocused) && before.of === of && before.rows.size > 0
  if (!isFrozen) held.current = { of, rows: current }
  else for (const key of before.rows.keys()) replace(before.rows, key, current.get(key))
  const shown = [...held.current.rows].map(([key, row]) => ({ key, row, isGone: !current.has(key) }))
  return {
    shown,
    fresh: isFrozen ? [...current.keys()].filter((key) => !before.rows.has(key)).length : 0,
    thaw: () => {
      held.current = { of, rows: new Map() }
      redraw((count) => count + 1)
    },
    bind: {
      onPointerEnter: () => setPointed(true),
      onPointerLeave: () => setPointed(false),
      onFocusIn: () => setFocused(true),
      onFocusOut: ({ relatedTarget, currentTarget }) =>
        setFocused(
          currentTarget instanceof Node && relatedTarget instanceof Node && currentTarget.contains(relatedTarget),
        ),
    },
  }
}

function replace<R>(rows: Map<string, R>, key: string, row: R | undefined): void {
  if (row !== undefined) rows.set(key, row)
}
