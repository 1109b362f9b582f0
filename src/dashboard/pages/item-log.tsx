/** The log: rows of text in the colours that the handler gave them; only what is seen is drawn. */
import { useEffect, useRef, useState } from 'preact/hooks'
import type { Shown } from '../../service/show.ts'
import { apiUrl, itemPath } from '../api.ts'
import { type Key, useKeys } from '../keys.ts'
import { bytesText, countText } from '../ui/format.ts'
import { useLog } from './item-log-data.ts'
import { attemptOf, type Row, rowsOf, rowsWith } from './item-log-rows.ts'
import { useScroll } from './item-log-scroll.ts'
import { RowText } from './item-log-text.tsx'

interface Props {
  readonly item: Shown
  readonly onEnded: () => void
}

export function ItemLog({ item, onEnded }: Props) {
  if (!item.has_log && item.status !== 'running') return null
  return <Viewer item={item} onEnded={onEnded} />
}

/** A line that is not wrapped is still cut somewhere: browsers are slow with very long ones. */
const UNWRAPPED = 4_000
const WRAP_KEY = 'rqd-log-wrap'
const COMES = 'Nothing was written yet: it shows here as it comes.'

function Viewer({ item, onEnded }: Props) {
  const id = item.id ?? item.name
  const isLive = item.status === 'running'
  const log = useLog({ queue: item.queue, id, isLive, attempts: item.attempts.length }, onEnded)
  const [isWrapped, setWrapped] = useState(localStorage.getItem(WRAP_KEY) !== 'no')
  const scroll = useScroll(isWrapped)
  const rows = rowsOf(log.lines, isWrapped ? scroll.columns : UNWRAPPED)
  const search = useSearch(rows, scroll.goTo)
  useAnchor(rows, scroll.goTo)
  const wrap = () => {
    localStorage.setItem(WRAP_KEY, isWrapped ? 'no' : 'yes')
    setWrapped(!isWrapped)
  }
  useKeys([{ keys: 'w', says: 'wrap the lines of the log', run: wrap }, ...search.keys])
  return (
    <section class="panel log" aria-label="Log">
      <div class="bar">
        <h2>Log</h2>
        {isLive && <span class="badge busy">live</span>}
        <Attempts rows={rows} goTo={scroll.goTo} />
        <span class="grow" />
        <SearchField search={search} />
        <label class="wrap">
          <input type="checkbox" checked={isWrapped} onChange={wrap} /> wrap
        </label>
        <Download queue={item.queue} id={id} />
      </div>
      {log.problem !== undefined && <p class="notice bad">{log.problem}</p>}
      <Rows rows={rows} scroll={scroll} search={search} start={log.start} earlier={log.earlier} />
      {rows.length === 0 && !log.isLoading && <p class="hint">{isLive ? COMES : 'Nothing was written.'}</p>}
      {isLive && !scroll.isAtEnd && (
        <button type="button" class="small to-end" onClick={scroll.toEnd}>
          ↓ Follow
        </button>
      )}
    </section>
  )
}

function Download({ queue, id }: { readonly queue: string; readonly id: string }) {
  return (
    <a class="button small" href={apiUrl(`${itemPath(queue, id)}/log`)} download={`${id}.log`}>
      Download<span class="unseen"> the log</span>
    </a>
  )
}

interface RowsProps {
  readonly rows: readonly Row[]
  readonly scroll: ReturnType<typeof useScroll>
  readonly search: ReturnType<typeof useSearch>
  readonly start: number
  readonly earlier: () => void
}

function Rows({ rows, scroll, search, start, earlier }: RowsProps) {
  const { first, last, height } = scroll.window(rows.length)
  return (
    <section
      class="log-frame"
      style={{ height: `min(62vh, ${Math.max(160, height + 34)}px)` }}
      ref={scroll.frame}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keys
      tabIndex={0}
      aria-label="What it wrote"
      onScroll={scroll.onScroll}
    >
      {start > 0 && (
        <button type="button" class="small earlier" onClick={() => scroll.keep(earlier)}>
          Load earlier ({bytesText(start)} before this)
        </button>
      )}
      <div class="log-rows" style={{ height: `${height}px` }}>
        <pre style={{ transform: `translateY(${first * scroll.rowHeight}px)` }}>
          {rows.slice(first, last).map((row, n) => (
            <RowText
              key={first + n}
              row={row}
              mark={search.text}
              isCurrent={first + n === search.current}
              isHeader={attemptOf(row) !== undefined}
            />
          ))}
        </pre>
      </div>
      <pre class="log-measure" ref={scroll.measure} aria-hidden="true">
        {'0'.repeat(100)}
      </pre>
    </section>
  )
}

function Attempts({ rows, goTo }: { readonly rows: readonly Row[]; readonly goTo: (row: number) => void }) {
  const heads = rows.flatMap((row, n) => {
    const attempt = attemptOf(row)
    return attempt === undefined ? [] : [[attempt, n] as const]
  })
  if (heads.length < 2) return null
  return (
    <span class="log-attempts">
      {heads.slice(-8).map(([attempt, row]) => (
        <button key={row} type="button" class="small" onClick={() => goTo(row)}>
          Attempt {attempt}
        </button>
      ))}
    </span>
  )
}

/** `#log-attempt-2` in the link, also when it is clicked once more. */
function useAnchor(rows: readonly Row[], goTo: (row: number) => void): void {
  const current = useRef(rows)
  current.current = rows
  const done = useRef('')
  const follow = () => {
    const [, attempt] = /^#log-attempt-(\d+)$/.exec(location.hash) ?? []
    const row = attempt === undefined ? -1 : current.current.findIndex((one) => attemptOf(one) === Number(attempt))
    if (row >= 0) goTo(row)
    return row >= 0
  }
  useEffect(() => {
    const onClick = ({ target }: Event) => {
      if (target instanceof Element && target.closest('a[href*="#log-attempt-"]') !== null) setTimeout(follow)
    }
    addEventListener('click', onClick)
    return () => removeEventListener('click', onClick)
  }, [])
  useEffect(() => {
    if (done.current !== location.hash && follow()) done.current = location.hash
  }, [rows.length])
}

function useSearch(rows: readonly Row[], goTo: (row: number) => void) {
  const [text, setText] = useState('')
  const [at, setAt] = useState(0)
  const field = useRef<HTMLInputElement>(null)
  const found = rowsWith(rows, text)
  const step = (by: number) => {
    if (found.length === 0) return
    const next = (at + by + found.length) % found.length
    setAt(next)
    goTo(found[next] ?? 0)
  }
  const keys: Key[] = [
    { keys: '/', says: 'search in the log', run: () => field.current?.focus() },
    ...(text === ''
      ? []
      : [
          { keys: ']', says: 'next match in the log', run: () => step(1) },
          { keys: '[', says: 'match before', run: () => step(-1) },
        ]),
  ]
  return {
    text,
    found,
    at,
    current: found[at],
    field,
    step,
    keys,
    setText: (next: string) => {
      setText(next)
      setAt(0)
      const [row] = rowsWith(rows, next)
      if (row !== undefined) goTo(row)
    },
  }
}

function SearchField({ search }: { readonly search: ReturnType<typeof useSearch> }) {
  const { text, found, at, field, step, setText } = search
  return (
    <search class="log-search">
      <input
        ref={field}
        type="search"
        aria-label="Search in the log"
        placeholder="Search (/)"
        value={text}
        onInput={(event) => setText(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter') step(event.shiftKey ? -1 : 1)
        }}
      />
      <span class="number hint" role="status">
        {text === '' ? '' : found.length === 0 ? 'none' : `${countText(at + 1)}/${countText(found.length)}`}
      </span>
    </search>
  )
}
