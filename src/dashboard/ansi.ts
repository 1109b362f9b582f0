/**
 * What a program wrote to a terminal, as lines of styled text (ECMA-48, xterm's colours). Never HTML. Colours, cursor moves within
 * the last lines, erasing and carriage returns do what they mean; all other escapes are left out. Pure.
 */
import { type Style, styleAfter } from './ansi-style.ts'

export type { Style } from './ansi-style.ts'

export interface Span {
  readonly text: string
  /** undefined: as usual. */
  readonly style: Style | undefined
}

export type Line = readonly Span[]

/** So far behind its end a line can be written to: what lies between is filled with blanks. */
const FARTHEST = 1_000
/** A sequence that goes on for longer is none. */
const LONGEST_ESCAPE = 4_096

const ESCAPE = '\u001b'
/** CSI with its parameters and its last letter; strings (OSC, DCS, APC, PM, SOS) up to BEL or ST; and two letters. */
const SEQUENCE = /^\u001b(?:\[([0-?]*)[ -/]*([@-~])|[\]PX^_][^\u0007\u001b]*(?:\u0007|\u001b\\)|[ -/]*[0-OQ-WYZ`-~\\])/
const CONTROL = /[\u0000-\u0008\u000b-\u001a\u001c-\u001f\u007f-\u009f]/g
const STOP = /[\n\r\b\u001b]/g

/** Fed piece by piece, in any pieces. */
export class AnsiText {
  readonly #lines: Span[][] = [[]]
  #row = 0
  #column = 0
  /** Of this row: kept, so that a long line is not measured for each piece. */
  #length = 0
  #style: Style | undefined
  /** An escape whose end has not come yet. */
  #rest = ''

  get lines(): readonly Line[] {
    return this.#lines
  }

  push(piece: string): void {
    const text = this.#rest + piece
    this.#rest = ''
    for (let at = 0; at < text.length; ) {
      STOP.lastIndex = at
      const stop = STOP.exec(text)?.index ?? text.length
      if (stop > at) this.#write(shown(text.slice(at, stop)))
      if (stop === text.length) return
      const next = text[stop] === ESCAPE ? this.#escape(text, stop) : this.#move(text, stop)
      if (next === undefined) {
        this.#rest = text.slice(stop)
        return
      }
      at = next
    }
  }

  #move(text: string, at: number): number {
    if (text[at] === '\n') this.#newLine()
    else if (text[at] === '\r') this.#column = 0
    else this.#column = Math.max(0, this.#column - 1)
    return at + 1
  }

  #newLine(): void {
    if (this.#row === this.#lines.length - 1) this.#lines.push([])
    this.#goTo(this.#row + 1)
    this.#column = 0
  }

  #goTo(row: number): void {
    this.#row = Math.max(0, Math.min(this.#lines.length - 1, row))
    this.#length = lengthOf(this.#line)
  }

  get #line(): Span[] {
    return this.#lines[this.#row] ?? []
  }

  /** Behind it; undefined while its end is missing. */
  #escape(text: string, at: number): number | undefined {
    const tail = text.slice(at, at + LONGEST_ESCAPE)
    const [whole, parameters = '', final] = SEQUENCE.exec(tail) ?? []
    if (whole === undefined) return tail.length < LONGEST_ESCAPE && mayGoOn(tail) ? undefined : at + 1
    if (final !== undefined) this.#control(parameters, final)
    return at + whole.length
  }

  #control(parameters: string, final: string): void {
    if (/[<=>?]/.test(parameters)) return
    const count = Math.max(1, Number.parseInt(parameters, 10) || 1)
    if (final === 'm') this.#style = styleAfter(this.#style, parameters)
    else if (final === 'K') this.#erase(Number.parseInt(parameters, 10) || 0)
    else if ('GCD'.includes(final)) this.#changeColumn(count, final)
    else if ('ABEF'.includes(final)) this.#changeRow(count, final)
  }

  #changeColumn(count: number, final: string): void {
    const column = final === 'G' ? count - 1 : this.#column + (final === 'C' ? count : -count)
    this.#column = Math.max(0, Math.min(column, this.#length + FARTHEST))
  }

  #changeRow(count: number, final: string): void {
    this.#goTo(this.#row + (final === 'A' || final === 'F' ? -count : count))
    if (final === 'E' || final === 'F') this.#column = 0
  }

  /** 0: from here on, 1: up to here, 2: all of the line. */
  #erase(what: number): void {
    if (what === 1) this.#put(0, ' '.repeat(Math.min(this.#length, this.#column + 1)), undefined)
    else this.#lines[this.#row] = what === 2 ? [] : cut(this.#line, 0, this.#column)
    this.#length = lengthOf(this.#line)
  }

  #write(text: string): void {
    if (this.#column > this.#length) this.#put(this.#length, ' '.repeat(this.#column - this.#length), undefined)
    this.#put(this.#column, text, this.#style)
    this.#column += text.length
  }

  /** Over what stands there. */
  #put(at: number, text: string, style: Style | undefined): void {
    const line = this.#line
    if (at === this.#length) append(line, { text, style })
    else {
      const after = cut(line, at + text.length, this.#length)
      const next = cut(line, 0, at)
      append(next, { text, style })
      for (const span of after) append(next, span)
      this.#lines[this.#row] = next
    }
    this.#length = Math.max(this.#length, at + text.length)
  }
}

/** Of a whole text. */
export function parseAnsi(text: string): readonly Line[] {
  const parsed = new AnsiText()
  parsed.push(text)
  return parsed.lines
}

export function textOf(line: Line): string {
  return line.map(({ text }) => text).join('')
}

/** Columns `from` to `to` of it. */
export function cut(line: Line, from: number, to: number): Span[] {
  const found: Span[] = []
  let at = 0
  for (const { text, style } of line) {
    const piece = text.slice(Math.max(0, from - at), Math.max(0, to - at))
    if (piece !== '') found.push({ text: piece, style })
    at += text.length
    if (at >= to) break
  }
  return found
}

function append(line: Span[], span: Span): void {
  const last = line.at(-1)
  if (span.text === '') return
  if (last !== undefined && last.style === span.style) line[line.length - 1] = { ...last, text: last.text + span.text }
  else line.push(span)
}

function lengthOf(line: Line): number {
  return line.reduce((sum, { text }) => sum + text.length, 0)
}

/** Control characters have pictures; those of the second set (0x80 to 0x9f) have none. */
function shown(text: string): string {
  return text.replace(CONTROL, (control) => {
    const code = control.charCodeAt(0)
    if (code === 7) return ''
    return code === 127 ? '\u2421' : code > 127 ? '\ufffd' : String.fromCharCode(0x2400 + code)
  })
}

function mayGoOn(tail: string): boolean {
  return /^\u001b(?:\[[0-?]*[ -/]*|[\]PX^_][^\u0007\u001b]*\u001b?|[ -/]*)$/.test(tail)
}
