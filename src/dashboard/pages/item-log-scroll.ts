/** Which rows of a log are seen; and staying at its end for as long as nobody scrolls away from it. */
import type { RefObject } from 'preact'
import { useLayoutEffect, useRef, useState } from 'preact/hooks'

const ROW_HEIGHT = 18
/** Above and below of what is seen. */
const SPARE = 20
/** Browsers cannot lay out anything much higher. */
const HIGHEST = 15_000_000

export function useScroll(isWrapped: boolean) {
  const frame = useRef<HTMLElement>(null)
  const measure = useRef<HTMLPreElement>(null)
  const [top, setTop] = useState(0)
  const [isAtEnd, setAtEnd] = useState(true)
  const columns = useColumns(frame, measure, isWrapped)
  const staying = useStaying(frame, isAtEnd)
  return {
    ...{ frame, measure, columns, isAtEnd, rowHeight: ROW_HEIGHT },
    goTo: (row: number) => {
      setAtEnd(false)
      frame.current?.scrollTo({ top: Math.max(0, row * ROW_HEIGHT - 60) })
      frame.current?.scrollIntoView({ block: 'nearest' })
    },
    toEnd: () => setAtEnd(true),
    keep: (load: () => void) => {
      staying.keep()
      setAtEnd(false)
      load()
    },
    onScroll: () => {
      const { current } = frame
      if (current === null) return
      setTop(current.scrollTop)
      setAtEnd(current.scrollHeight - current.scrollTop - current.clientHeight < ROW_HEIGHT)
    },
    window: (rows: number) => {
      const seen = Math.ceil((frame.current?.clientHeight ?? 600) / ROW_HEIGHT)
      const first = Math.max(0, Math.min(Math.floor(top / ROW_HEIGHT), rows - seen) - SPARE)
      return { first, last: first + seen + 2 * SPARE, height: Math.min(HIGHEST, rows * ROW_HEIGHT) }
    },
  }
}

/** So many characters there is room for. */
function useColumns(
  frame: RefObject<HTMLElement | null>,
  measure: RefObject<HTMLElement | null>,
  isWrapped: boolean,
): number {
  const [columns, setColumns] = useState(120)
  useLayoutEffect(() => {
    const { current } = frame
    if (current === null) return undefined
    const look = () => setColumns(columnsOf(current, measure.current))
    const watching = new ResizeObserver(look)
    watching.observe(current)
    look()
    return () => watching.disconnect()
  }, [isWrapped])
  return columns
}

/** Drawn: at its end it stays there, and what was loaded before leaves what one reads where it is. */
function useStaying(frame: RefObject<HTMLElement | null>, isAtEnd: boolean) {
  const kept = useRef<number | undefined>(undefined)
  useLayoutEffect(() => {
    const { current } = frame
    if (current === null) return
    if (kept.current !== undefined && current.scrollHeight !== kept.current) {
      current.scrollTop += current.scrollHeight - kept.current
      kept.current = undefined
    } else if (isAtEnd) current.scrollTop = current.scrollHeight
  })
  return {
    keep: () => {
      kept.current = frame.current?.scrollHeight
    },
  }
}

function columnsOf(frame: HTMLElement, measure: HTMLElement | null): number {
  const width = (measure?.getBoundingClientRect().width ?? 800) / 100
  return Math.max(20, Math.floor((frame.clientWidth - 20) / width))
}
