/** Of a long list only what is in view is drawn; the page is as long as if all of it were. */
import type { RefObject } from 'preact'
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { linesBetween, offsetsOf, type Piece, piecesOf, type Range } from './window.ts'

/** So many are drawn without ado: the browser finds a word in them, and nothing is measured. */
const WHOLE = 150
/** Painted before all that there is room for is drawn. */
const AT_FIRST = 24
/** Drawn beyond what is in view, above and below; px. */
const BEYOND = 600
/** Drawn anew when what is in view comes so near to a gap; px. */
const NEAR = 200
/** Before one was seen; px. */
const USUAL = 31

interface Windowed {
  readonly pieces: readonly Piece[]
  /** Not all is drawn. */
  readonly isCut: boolean
}

/** `keys`: of each line, one below the other; `pinned`: lines that are drawn wherever they are, such as the one that has the focus. */
export function useWindowed(
  body: RefObject<HTMLTableSectionElement | null>,
  keys: readonly string[],
  pinned: readonly number[],
): Windowed {
  const seen = useRef(new Map<string, number>())
  const [range, setRange] = useState<Range>({ first: 0, end: AT_FIRST })
  const isCut = keys.length > WHOLE
  const offsets = isCut ? offsetsOf(keys, seen.current, averageOf(seen.current)) : undefined
  const look = () => {
    if (!isCut || body.current === null || !isGapNear(body.current)) return
    const { top } = body.current.getBoundingClientRect()
    const now = offsetsOf(keys, seen.current, averageOf(seen.current))
    const next = linesBetween(now, -top - BEYOND, innerHeight - top + BEYOND)
    if (next.first !== range.first || next.end !== range.end) setRange(next)
  }
  const latest = useRef(look)
  latest.current = look
  useLayoutEffect(() => {
    if (!isCut || body.current === null) return
    const isFirst = seen.current.size === 0
    measure(body.current, seen.current)
    if (!isFirst) look()
    else requestAnimationFrame(() => setTimeout(() => latest.current()))
  })
  useEffect(() => {
    const forget = () => {
      seen.current.clear()
      latest.current()
    }
    const scrolled = () => latest.current()
    addEventListener('scroll', scrolled, { passive: true })
    addEventListener('resize', forget)
    return () => {
      removeEventListener('scroll', scrolled)
      removeEventListener('resize', forget)
    }
  }, [])
  if (offsets === undefined) return { pieces: keys.map((_, at) => ({ kind: 'line', at })), isCut }
  return { pieces: piecesOf(offsets, range, pinned), isCut }
}

function averageOf(seen: ReadonlyMap<string, number>): number {
  if (seen.size === 0) return USUAL
  let sum = 0
  for (const height of seen.values()) sum += height
  return sum / seen.size
}

/** With the room to the next one: rows that are cards on a phone stand apart. */
function measure(body: HTMLTableSectionElement, seen: Map<string, number>): void {
  const tops = [...body.children].map((line) => line.getBoundingClientRect().top)
  const { bottom } = body.getBoundingClientRect()
  for (const [n, line] of [...body.children].entries()) {
    const key = line instanceof HTMLElement ? line.dataset['line'] : undefined
    if (key !== undefined) seen.set(key, (tops[n + 1] ?? bottom) - (tops[n] ?? 0))
  }
}

function isGapNear(body: HTMLTableSectionElement): boolean {
  return [...body.querySelectorAll(':scope > .gap')].some((gap) => {
    const { top, bottom } = gap.getBoundingClientRect()
    return top < innerHeight + NEAR && bottom > -NEAR
  })
}
