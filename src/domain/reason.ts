/**
 * Why an attempt ended, as a text that is the same for all that ended alike: what differs from item to item (numbers, ids,
 * times, paths, quoted texts) is replaced by a word for it. `rq causes` groups by it, and the query field `reason` asks for
 * it, so that a group and its query are the same by construction. Pure.
 */
import type { Attempt } from './item.ts'

/** So much of a text is looked at, and so long is what is made of it. */
const LOOKED_AT = 2_000
const LONGEST = 200

/** In this order, at each place the first that fits. Each takes time in proportion to the text, or to its square at worst. */
const REPLACED = [
  ['<id>', /\b\d{8}T\d{6}\.\d{6}-[0-9a-z]{6}(?:-[A-Za-z0-9._-]+)?/],
  ['<uuid>', /\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b/],
  ['<time>', /\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?/],
  ['<text>', /"[^"]*"|`[^`]*`|(?<!\w)'[^']*'(?!\w)/],
  ['<url>', /\b[a-zA-Z][a-zA-Z0-9+.-]{1,20}:\/\/[^\s"'<>]+/],
  ['<path>', /(?<![\w.>])(?:~|\.{1,2})?\/[^\s"'`:,;()<>]+|\b[\w.-]+\/[^\s"'`:,;()<>]*\.[\w]+/],
  ['<hex>', /\b(?:0[xX][0-9a-fA-F]+|(?=[a-fA-F]*\d)(?=\d*[a-fA-F])[0-9a-fA-F]{6,})\b/],
  ['<n>', /(?:(?<![\w.)-])[-+])?\d+(?:[.,:]\d+)*/],
] as const satisfies readonly (readonly [string, RegExp])[]

const ANY = new RegExp(REPLACED.map(([, pattern]) => `(${pattern.source})`).join('|'), 'g')

/** One line without what would not survive a command line, and without what differs from item to item. */
export function normaliseText(text: string): string {
  const plain = oneLine(text.slice(0, LOOKED_AT))
  const said = plain.replace(ANY, (found, ...groups: unknown[]) => {
    const index = groups.slice(0, REPLACED.length).findIndex((group) => group !== undefined)
    return REPLACED[index]?.[0] ?? found
  })
  return said.length <= LONGEST ? said : `${oneLine(said.slice(0, LONGEST - 1))}…`
}

/** Control characters and halves of characters become blanks, of which no two stand together. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Cs}\s]+/gu, ' ').trim()
}

export const NEVER_RAN = 'never ran'

/** What an end is called: its cause, its signal or exit status, and what was said, as far as that is not the same. */
export function reasonOf(attempt: Attempt | undefined): string {
  if (attempt === undefined) return NEVER_RAN
  const { cause, exit, signal, verdict, text = '' } = attempt
  const status = signal === undefined ? (exit === undefined || exit === 0 ? '' : `exit ${exit}`) : `signal ${signal}`
  const head = oneLine([cause ?? '', status].filter((word) => word !== '').join(', ')).slice(0, LONGEST)
  const said = normaliseText(withoutHead(text, cause))
  return [head, said].filter((part) => part !== '').join(': ') || (verdict ?? NEVER_RAN)
}

/** A text may begin with what its head says already. */
function withoutHead(text: string, cause: string | undefined): string {
  const rest = text.replace(/^exit \d+(?: \(\w+\))?(?:[\s:,;]+|$)/, '')
  return cause !== undefined && rest.startsWith(`${cause}: `) ? rest.slice(cause.length + 2) : rest
}

/** Of what is no message, or none that could be read as one. */
export function reasonOfBad(problem: string): string {
  return `no message: ${normaliseText(problem)}`
}
