/** One row of a log: spans, and in them what is searched for. */
import type { Span } from '../ansi.ts'
import type { Colour, Style } from '../ansi-style.ts'
import type { Row } from './item-log-rows.ts'

interface Props {
  readonly row: Row
  readonly mark: string
  readonly isCurrent: boolean
  readonly isHeader: boolean
}

export function RowText({ row, mark, isCurrent, isHeader }: Props) {
  const kinds = ['log-row', isCurrent ? 'current' : '', isHeader ? 'log-header' : '', row.from > 0 ? 'folded' : '']
  return (
    <div class={kinds.filter(Boolean).join(' ')}>
      {row.spans.length === 0 ? '\n' : row.spans.map((span, n) => <SpanText key={n} span={span} mark={mark} />)}
    </div>
  )
}

function SpanText({ span: { text, style }, mark }: { readonly span: Span; readonly mark: string }) {
  const content = mark === '' ? text : marked(text, mark)
  if (style === undefined) return <>{content}</>
  return (
    <span class={classOf(style)} style={styleOf(style)}>
      {content}
    </span>
  )
}

function marked(text: string, mark: string) {
  const lower = text.toLowerCase()
  const needle = mark.toLowerCase()
  // Of few texts the lower case is longer: there nothing can be marked in its place.
  if (lower.length !== text.length) return text
  const parts = []
  let from = 0
  for (let at = lower.indexOf(needle); at >= 0; at = lower.indexOf(needle, from)) {
    parts.push(text.slice(from, at), <mark key={at}>{text.slice(at, at + needle.length)}</mark>)
    from = at + needle.length
  }
  parts.push(text.slice(from))
  return parts
}

function classOf({ bold, dim, italic, underline, strike, hidden, inverse, ...colours }: Style): string {
  const { fore, back } = colours
  return [
    ...Object.entries({ bold, dim, italic, underline, strike, hidden }).flatMap(([name, is]) =>
      is ? [`a-${name}`] : [],
    ),
    inverse ? 'a-inverse' : '',
    typeof (inverse ? back : fore) === 'string' ? 'a-rgb' : '',
    ...(inverse ? [named('b', fore), named('f', back)] : [named('f', fore), named('b', back)]),
  ]
    .filter((name) => name !== '')
    .join(' ')
}

function named(what: 'f' | 'b', colour: Colour | undefined): string {
  return typeof colour === 'number' ? `a-${what}${colour}` : ''
}

/** Colours that no theme knows, only ever `#rrggbb`: on the ground of the page as light or dark as can be read there. */
function styleOf({ fore, back, inverse }: Style) {
  const [front, ground] = inverse ? [back, fore] : [fore, back]
  if (typeof ground === 'string')
    return { backgroundColor: ground, color: typeof front === 'string' ? front : readableOn(ground) }
  return typeof front === 'string' ? { '--colour': front } : {}
}

/** By its luma (ITU-R BT.601). */
function readableOn(ground: string): string {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => Number.parseInt(ground.slice(at, at + 2), 16))
  return 0.299 * r + 0.587 * g + 0.114 * b > 128 ? '#000000' : '#ffffff'
}
