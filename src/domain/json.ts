/**
 * JSON whose numbers stay what they are: what a double cannot hold (9007199254740993, 1e400) is kept by its digits.
 * Everything else is as JSON.parse and JSON.stringify have it. The value is kept, not the spelling: 0.10 is 0.1.
 */
import { compareNumber, isNumber, isSafeNumber, stringify } from 'lossless-json'

/** A number that is no double, as it was written. */
export class ExactNumber {
  readonly literal: string

  constructor(literal: string) {
    this.literal = literal
    Object.freeze(this)
  }

  toString(): string {
    return this.literal
  }

  /** The nearest double; one that is finite. */
  toNumber(): number {
    return Math.min(Math.max(Number(this.literal), -Number.MAX_VALUE), Number.MAX_VALUE)
  }

  /** For whoever writes JSON without `formatJson`. */
  toJSON(): number {
    hasMetExact = true
    return this.toNumber()
  }
}

/** JSON.stringify asks each of them, so that what holds none costs nothing. */
let hasMetExact = false

const EXACT = [
  { test: (value: unknown) => value instanceof ExactNumber, stringify: (value: unknown) => String(value) },
] as const

/** `indent`: what each level begins with; in one line otherwise. */
export function formatJson(value: unknown, indent?: string): string {
  hasMetExact = false
  const text = JSON.stringify(value, undefined, indent)
  return hasMetExact ? (stringify(value, undefined, indent, [...EXACT]) ?? text) : text
}

/** undefined: it is no JSON. */
export function parseJson(text: string): unknown {
  try {
    return readJson(text)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

/** Throws the SyntaxError of JSON.parse. */
export function readJson(text: string): unknown {
  const value: unknown = JSON.parse(text)
  if (!mayHoldExact(text)) return value
  const marked = markExact(text)
  return marked === text ? value : withExact(value, JSON.parse(marked))
}

/** An object of keys, neither a list nor a number. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return isContainer(value) && !Array.isArray(value)
}

/** Below 0, 0, or above 0; undefined where one of the texts is no number as JSON writes them. */
export function compareNumbers(a: string, b: string): number | undefined {
  return isNumber(a) && isNumber(b) ? compareNumber(a, b) : undefined
}

/** A double holds any 15 digits. */
const LONG = 16
/** 1e100 and beyond may be too much or too little for it; and -0 is written as 0. */
const FAR_OR_MINUS_ZERO = /\d[eE][-+]?\d\d\d|-0[.0]*(?:[eE]|\s*(?:[,}\]]|$))/

/** False: surely not. Texts that look like such numbers are held for them. */
function mayHoldExact(text: string): boolean {
  // So many in a row are found by looking at one of so many.
  for (let at = LONG - 1; at < text.length; at += LONG) if (isDigit(text, at) && isLongAt(text, at)) return true
  return FAR_OR_MINUS_ZERO.test(text)
}

function isLongAt(text: string, at: number): boolean {
  let from = at
  while (from > 0 && at - from < LONG && isDigit(text, from - 1)) from -= 1
  let to = at + 1
  while (to < text.length && to - from < LONG && isDigit(text, to)) to += 1
  return to - from >= LONG
}

function isDigit(text: string, at: number): boolean {
  const code = text.charCodeAt(at)
  return (code >= 48 && code <= 57) || code === 46
}

function fitsDouble(literal: string): boolean {
  return isSafeNumber(literal) && !Object.is(Number(literal), -0)
}

/** The text with such numbers as strings. It is known to be JSON: outside of strings digits are numbers. */
function markExact(text: string): string {
  const pieces: string[] = []
  for (let at = 0; at < text.length; ) {
    const quote = text.indexOf('"', at)
    const between = text.slice(at, quote < 0 ? text.length : quote)
    pieces.push(between.replace(/-?\d[\d.eE+-]*/g, (literal) => (fitsDouble(literal) ? literal : `"${literal}"`)))
    at = quote < 0 ? text.length : stringEnd(text, quote)
    if (quote >= 0) pieces.push(text.slice(quote, at))
  }
  return pieces.join('')
}

/** Behind the quote that closes it: one with an even number of backslashes before it. */
function stringEnd(text: string, start: number): number {
  for (let quote = text.indexOf('"', start + 1); ; quote = text.indexOf('"', quote + 1)) {
    let before = quote
    while (text[before - 1] === '\\') before -= 1
    if ((quote - before) % 2 === 0) return quote + 1
  }
}

type Container = Record<string, unknown>

function isContainer(value: unknown): value is Container {
  return typeof value === 'object' && value !== null && !(value instanceof ExactNumber)
}

/** What is a number in one and a string in the other was marked. Without recursion: the text may be of any depth. */
function withExact(value: unknown, marked: unknown): unknown {
  const root = { value }
  const open: [Container, Container][] = [[root, { value: marked }]]
  for (let pair = open.pop(); pair !== undefined; pair = open.pop()) {
    const [plain, told] = pair
    for (const key of Object.keys(told)) {
      const [number, literal] = [plain[key], told[key]]
      // An own key `__proto__` is written like any other: it is there already.
      if (typeof number === 'number' && typeof literal === 'string') plain[key] = new ExactNumber(literal)
      else if (isContainer(number) && isContainer(literal)) open.push([number, literal])
    }
  }
  return root.value
}
