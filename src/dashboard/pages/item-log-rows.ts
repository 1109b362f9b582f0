/** Lines of a log as rows of one height: long ones are folded, what is searched for is found. Pure. */
import { cut, type Line, textOf } from '../ansi.ts'

export interface Row {
  readonly line: number
  /** Of its line, the first column in it. */
  readonly from: number
  readonly spans: Line
}

/** Wide characters take two columns (East Asian Width W and F, and most emoji). */
const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\ud83c-\ud83e]/

const folded = new WeakMap<Line, { readonly length: number; readonly columns: number; readonly rows: readonly Row[] }>()

export function rowsOf(lines: readonly Line[], columns: number): readonly Row[] {
  const rows: Row[] = []
  // What ends with a line end has no line behind it.
  const last = lines.at(-1)
  const shown = last?.length === 0 ? lines.length - 1 : lines.length
  for (let n = 0; n < shown; n += 1) for (const row of rowsOfLine(lines[n] ?? [], n, columns)) rows.push(row)
  return rows
}

function rowsOfLine(line: Line, n: number, columns: number): readonly Row[] {
  const text = line.length === 1 ? (line[0]?.text ?? '') : textOf(line)
  if (text.length <= columns / 2 || (text.length <= columns && !WIDE.test(text)))
    return [{ line: n, from: 0, spans: line }]
  const known = folded.get(line)
  if (known !== undefined && known.length === text.length && known.columns === columns && known.rows[0]?.line === n)
    return known.rows
  const rows: Row[] = []
  for (let from = 0; from < text.length; ) {
    const to = endOfRow(text, from, columns)
    rows.push({ line: n, from, spans: cut(line, from, to) })
    from = to
  }
  folded.set(line, { length: text.length, columns, rows })
  return rows
}

/** Never between the halves of a character. */
function endOfRow(text: string, from: number, columns: number): number {
  const whole = text.slice(from, from + columns)
  if (!WIDE.test(whole) && !isHalf(text, from + columns)) return Math.min(text.length, from + columns)
  let width = 0
  let at = from
  for (const character of whole) {
    width += WIDE.test(character) ? 2 : 1
    if (width > columns && at > from) break
    at += character.length
  }
  return Math.min(text.length, isHalf(text, at) ? at + 1 : at)
}

function isHalf(text: string, at: number): boolean {
  const code = text.charCodeAt(at)
  return code >= 0xdc00 && code <= 0xdfff
}

/** Rows that hold the text, upper and lower case alike. */
export function rowsWith(rows: readonly Row[], wanted: string): readonly number[] {
  const needle = wanted.toLowerCase()
  if (needle === '') return []
  return rows.flatMap(({ spans }, n) => (textOf(spans).toLowerCase().includes(needle) ? [n] : []))
}

/** `--- 2026-11-22T10:15:00.000Z attempt 2: …`, as the slot writes it before each run. */
const HEADER = /^--- \d{4}-\S+ attempt (\d+): /

export function attemptOf({ spans, from }: Row): number | undefined {
  const first = spans[0]
  if (from > 0 || first === undefined || first.style !== undefined || !first.text.startsWith('--- ')) return undefined
  const [, n] = HEADER.exec(first.text) ?? []
  return n === undefined ? undefined : Number(n)
}
