/** How text looks: what `ESC [ ... m` says (ECMA-48 SGR, with xterm's 256 colours and 24-bit ones). Pure. */

/** `0` to `15` by number, so that a theme can give them its own; any other as `#rrggbb`. */
export type Colour = number | string

export interface Style {
  readonly fore?: Colour
  readonly back?: Colour
  readonly bold?: true
  readonly dim?: true
  readonly italic?: true
  readonly underline?: true
  readonly strike?: true
  readonly inverse?: true
  readonly hidden?: true
}

type Flag = Exclude<keyof Style, 'fore' | 'back'>

const ON: Readonly<Record<number, Flag>> = {
  1: 'bold',
  2: 'dim',
  3: 'italic',
  4: 'underline',
  7: 'inverse',
  8: 'hidden',
  9: 'strike',
  21: 'underline',
}
const OFF: Readonly<Record<number, readonly Flag[]>> = {
  22: ['bold', 'dim'],
  23: ['italic'],
  24: ['underline'],
  27: ['inverse'],
  28: ['hidden'],
  29: ['strike'],
}

/** More of them mean nothing. */
const MOST = 64

/** undefined: as usual. */
export function styleAfter(before: Style | undefined, parameters: string): Style | undefined {
  const codes = parameters.replaceAll(':', ';').split(';').slice(0, MOST).map(Number)
  let style: Style = before ?? {}
  for (let at = 0; at < codes.length; at += 1) {
    const code = codes[at] ?? 0
    if (code === 38 || code === 48) {
      const { colour, used } = colourAt(codes, at + 1)
      at += used
      if (colour !== undefined) style = { ...style, [code === 38 ? 'fore' : 'back']: colour }
    } else style = withCode(style, code)
  }
  return Object.keys(style).length === 0 ? undefined : same(style, before)
}

/** Equal ones are one object: spans are joined by it. */
function same(style: Style, before: Style | undefined): Style {
  return before !== undefined && JSON.stringify(style) === JSON.stringify(before) ? before : style
}

function withCode(style: Style, code: number): Style {
  const on = ON[code]
  if (on !== undefined) return { ...style, [on]: true }
  const off = OFF[code]
  if (off !== undefined) return without(style, off)
  if (code === 0) return {}
  if (code === 39) return without(style, ['fore'])
  if (code === 49) return without(style, ['back'])
  if (code >= 30 && code <= 37) return { ...style, fore: code - 30 }
  if (code >= 40 && code <= 47) return { ...style, back: code - 40 }
  if (code >= 90 && code <= 97) return { ...style, fore: code - 82 }
  if (code >= 100 && code <= 107) return { ...style, back: code - 92 }
  return style
}

function without(style: Style, keys: readonly (keyof Style)[]): Style {
  return Object.fromEntries(Object.entries(style).filter(([key]) => !keys.some((one) => one === key)))
}

/** `5;N` or `2;R;G;B`. */
function colourAt(codes: readonly number[], at: number): { colour: Colour | undefined; used: number } {
  const [kind, a = 0, b = 0, c = 0] = codes.slice(at, at + 4)
  if (kind === 5) return { colour: isByte(a) ? indexed(a) : undefined, used: 2 }
  if (kind === 2) return { colour: [a, b, c].every(isByte) ? rgb(a, b, c) : undefined, used: 4 }
  return { colour: undefined, used: 1 }
}

function isByte(n: number): boolean {
  return Number.isInteger(n) && n >= 0 && n <= 255
}

/** A cube of 6×6×6, then 24 greys. */
function indexed(n: number): Colour {
  if (n < 16) return n
  if (n >= 232) return rgb(8 + (n - 232) * 10, 8 + (n - 232) * 10, 8 + (n - 232) * 10)
  const level = (step: number) => (step === 0 ? 0 : 55 + step * 40)
  return rgb(level(Math.floor((n - 16) / 36)), level(Math.floor((n - 16) / 6) % 6), level((n - 16) % 6))
}

function rgb(r: number, g: number, b: number): string {
  return `#${[r, g, b].map((part) => part.toString(16).padStart(2, '0')).join('')}`
}
