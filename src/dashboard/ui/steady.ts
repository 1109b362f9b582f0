/** Columns of a table whose rows come and go keep their widths: they grow where something needs it, and nothing else moves. */
import type { RefObject } from 'preact'
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks'

/** Set on the `col`s themselves, as they are measured after each drawing. */
export function useSteadyColumns(
  table: RefObject<HTMLTableElement | null>,
  isSteady: boolean,
  columns: readonly { readonly id: string }[],
): void {
  const of = columns.map(({ id }) => id).join()
  const known = useRef<{ of: string; widths: readonly number[] }>({ of, widths: [] })
  useLayoutEffect(() => {
    if (table.current === null) return
    if (known.current.of !== of || !isSteady) {
      known.current = { of, widths: [] }
      setWidths(table.current, [])
    }
    if (!isSteady) return
    const now = [...(table.current.tHead?.rows[0]?.cells ?? [])].map((cell) => cell.getBoundingClientRect().width)
    // On a phone rows are cards, and there is no head.
    if (now.every((width) => width === 0)) return
    const { widths } = known.current
    if (now.every((width, n) => width <= (widths[n] ?? 0) + 0.5)) return
    known.current = { of, widths: now }
    setWidths(table.current, now)
  })
  useEffect(() => {
    const forget = () => {
      known.current = { of: '', widths: [] }
      if (table.current !== null) setWidths(table.current, [])
    }
    addEventListener('resize', forget)
    return () => removeEventListener('resize', forget)
  }, [])
}

function setWidths(table: HTMLTableElement, widths: readonly number[]): void {
  for (const [n, col] of [...table.querySelectorAll('col')].entries())
    col.style.width = widths[n] === undefined ? '' : `${widths[n]}px`
}
