/** JSON that folds: objects and lists open and close, texts stay whole and can be copied. */
import { ExactNumber, formatJson } from '../../domain/json.ts'

interface Props {
  readonly value: unknown
  /** Deeper levels are shown closed. */
  readonly open?: number
}

export function JsonView({ value, open = 2 }: Props) {
  return (
    <div class="json mono">
      <Node value={value} open={open} />
    </div>
  )
}

const MOST = 200

function Node({ name, value, open }: { readonly name?: string; readonly value: unknown; readonly open: number }) {
  const label = name === undefined ? null : <span class="json-key">{name}: </span>
  if (typeof value !== 'object' || value === null || value instanceof ExactNumber)
    return (
      <div>
        {label}
        <Leaf value={value} />
      </div>
    )
  const isList = Array.isArray(value)
  const entries = Object.entries(value)
  const size = `${entries.length} ${isList ? 'value' : 'key'}${entries.length === 1 ? '' : 's'}`
  return (
    <details open={open > 0}>
      <summary>
        {label}
        <span class="none">{isList ? `[ ${size} ]` : `{ ${size} }`}</span>
      </summary>
      {entries.slice(0, MOST).map(([key, one]) => (
        <Node key={key} name={key} value={one} open={open - 1} />
      ))}
      {entries.length > MOST && <div class="none">and {entries.length - MOST} more</div>}
    </details>
  )
}

function Leaf({ value }: { readonly value: unknown }) {
  if (typeof value === 'string') return <span class="json-text">{value}</span>
  return <span class="json-value">{formatJson(value) ?? 'undefined'}</span>
}
