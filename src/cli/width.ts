/** How much room text takes on a terminal: letters of East Asia and pictures take two columns, marks none. */
import { eastAsianWidth } from 'get-east-asian-width'

const PLAIN = /^[\x20-\x7e]*$/
const TAKES_NO_ROOM = /[\p{Mn}\p{Me}\p{Cf}]/u

/** In columns (UAX #11). A picture that is joined of several counts as all of them. */
export function widthOf(text: string): number {
  if (PLAIN.test(text)) return text.length
  return [...text].reduce((sum, letter) => sum + letterWidth(letter), 0)
}

function letterWidth(letter: string): number {
  return TAKES_NO_ROOM.test(letter) ? 0 : eastAsianWidth(letter.codePointAt(0) ?? 0)
}

export function padEnd(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)))
}

export function padStart(text: string, width: number): string {
  return ' '.repeat(Math.max(0, width - widthOf(text))) + text
}

/** At most so many columns; what was cut ends in an ellipsis. */
export function cut(text: string, width: number): string {
  if (widthOf(text) <= width) return text
  let kept = ''
  let room = width - 1
  for (const letter of text) {
    room -= letterWidth(letter)
    if (room < 0) break
    kept += letter
  }
  return width <= 0 ? '' : `${kept}\u2026`
}
