/** Writing to people and to programs: tables, colours, and never a control character to a terminal. */

import { fstatSync, writeSync } from 'node:fs'
import { formatJson } from '../domain/json.ts'
import { errnoOf } from '../os/errno.ts'
import { widthOf } from './width.ts'

export type Colour = 'bold' | 'dim' | 'red' | 'green' | 'yellow'

const CODES: Readonly<Record<Colour, readonly [number, number]>> = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
}

export interface Output {
  readonly isTerminal: boolean
  readonly paint: (colour: Colour, text: string) => string
  /** A line that is known to be harmless: what stood in names and messages went through `printable`. */
  readonly line: (text: string) => void
  readonly bytes: (data: Uint8Array) => void
}

/** `onClosed`: nobody reads any more. */
export function makeOutput(fd: 1 | 2, onClosed: () => void): Output {
  // node:tty loads node:net, which costs more than a listing: only for what may be a terminal.
  const isTerminal = isOpenDevice(fd) && process.getBuiltinModule('node:tty').isatty(fd)
  const isColoured = isTerminal && (process.env['NO_COLOR'] ?? '') === '' && process.env['TERM'] !== 'dumb'
  let isOpen = true
  const bytes = (data: Uint8Array) => {
    if (isOpen && !writeAll(fd, data)) {
      isOpen = false
      onClosed()
    }
  }
  return {
    isTerminal,
    paint: (colour, text) => (isColoured ? `\u001b[${CODES[colour][0]}m${text}\u001b[${CODES[colour][1]}m` : text),
    line: (text) => bytes(Buffer.from(`${text}\n`)),
    bytes,
  }
}

function isOpenDevice(fd: number): boolean {
  try {
    return fstatSync(fd).isCharacterDevice()
  } catch (error) {
    if (errnoOf(error) !== 'EBADF') throw error
    return false
  }
}

const pause = new Int32Array(new SharedArrayBuffer(4))

/**
 * Straight to the descriptor: process.stdout costs more to set up than a listing takes. False when its reader
 * is gone. A pipe that is full makes us wait, as it would any program.
 */
function writeAll(fd: number, data: Uint8Array): boolean {
  for (let at = 0; at < data.length; ) {
    try {
      at += writeSync(fd, data, at)
    } catch (error) {
      const code = errnoOf(error)
      if (code === 'EPIPE') return false
      if (code !== 'EAGAIN') throw error
      Atomics.wait(pause, 0, 0, 5)
    }
  }
  return true
}

/** Control characters, and those that turn the direction of writing: a name must not drive a terminal. */
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]/gu
const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

export function printable(text: string): string {
  return text.replace(UNPRINTABLE, escapeCharacter)
}

/** A log for a terminal: lines stay lines. */
export function printableLog(text: string): string {
  return text.replace(UNPRINTABLE, (c) => (c === '\n' || c === '\t' ? c : escapeCharacter(c)))
}

function escapeCharacter(c: string): string {
  const code = c.charCodeAt(0)
  return (
    SHORT[c] ?? (code < 256 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`)
  )
}

/** JSON that a terminal can bear as well: JSON.stringify leaves DEL, C1 and the direction marks as they are. */
export function toJson(value: unknown): string {
  return formatJson(value).replace(UNPRINTABLE, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** One long name shall not push all others to the edge. */
const WIDEST = 60

/** Columns as wide as their widest cell, within reason; the last one is as long as it is. */
export function table(out: Output, head: readonly string[], rows: readonly (readonly Cell[])[]): void {
  const widths = head.map((title, column) =>
    Math.min(WIDEST, Math.max(widthOf(title), ...rows.map((row) => widthOf(textOf(row[column]))))),
  )
  const format = (cells: readonly string[], paint: (cell: string, column: number) => string) =>
    cells
      .map(
        (cell, column) =>
          paint(cell, column) +
          ' '.repeat(column === cells.length - 1 ? 0 : Math.max(0, (widths[column] ?? 0) - widthOf(cell))),
      )
      .join('  ')
      .trimEnd()
  out.line(format(head, (title) => out.paint('dim', title)))
  for (const row of rows) {
    out.line(
      format(row.map(textOf), (text, column) => {
        const cell = row[column]
        return typeof cell === 'object' ? out.paint(cell.colour, text) : text
      }),
    )
  }
}

export type Cell = string | { readonly text: string; readonly colour: Colour }

/** Harmless to a terminal. */
export function textOf(cell: Cell | undefined): string {
  return printable(typeof cell === 'object' ? cell.text : (cell ?? ''))
}
