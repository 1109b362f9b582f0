/** Which rows are chosen: by a click on their box, with shift up to here, by x and a. */
import { useState } from 'preact/hooks'

export interface Selection {
  readonly keys: ReadonlySet<string>
  readonly toggle: (key: string, upToHere?: boolean) => void
  readonly set: (keys: Iterable<string>) => void
}

/** `order`: the keys of all rows, as they are shown. */
export function useSelection(order: readonly string[], of: string): Selection {
  const [state, setState] = useState<{ of: string; keys: ReadonlySet<string>; last: string | undefined }>({
    ...{ of, keys: new Set<string>(), last: undefined },
  })
  const isSame = state.of === of
  const here = new Set(order)
  const keys = new Set(isSame ? [...state.keys].filter((key) => here.has(key)) : [])
  return {
    keys,
    toggle: (key, upToHere = false) => {
      const next = new Set(keys)
      const range = upToHere ? between(order, isSame ? state.last : undefined, key) : [key]
      const chosen = upToHere || !keys.has(key)
      for (const one of range) {
        if (chosen) next.add(one)
        else next.delete(one)
      }
      setState({ of, keys: next, last: key })
    },
    set: (chosen) => setState({ of, keys: new Set(chosen), last: undefined }),
  }
}

function between(order: readonly string[], from: string | undefined, to: string): readonly string[] {
  const a = from === undefined ? -1 : order.indexOf(from)
  const b = order.indexOf(to)
  return a < 0 || b < 0 ? [to] : order.slice(Math.min(a, b), Math.max(a, b) + 1)
}
