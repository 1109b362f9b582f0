import { describe, expect, it } from 'vitest'
import { codeOf, isTypeScript, linesMatching, sources } from './sources.ts'

const MAX_FILE_LINES = 250
const MAX_FUNCTION_LINES = 40

/** Functions that may be longer, each with its reason. None so far. */
const LONG_FUNCTIONS: readonly string[] = []

/** A switch over free text needs a `default`; one over a union must not have it, so that a new case does not compile. */
const SWITCHES_OVER_TEXT: readonly string[] = ['src/domain/status-line.ts', 'src/launch/handler.ts']

const FILES = sources(['src'], isTypeScript)

interface Block {
  readonly start: number
  readonly lines: number
}

const FUNCTION_HEAD =
  /\bfunction\b.*\{$|=>\s*\{$|^\s*(?:(?:static|async|get|set|override|private|public)\s+)*[#\w]+\(.*\)(?::[^=]*)?\s*\{$|^\s*\)(?::.*)?\s*(?:=>\s*)?\{$/
const NO_FUNCTION = /^\s*(?:if|for|while|switch|catch|do|else|\}|try|return\s+switch)\b/

/** Functions as the formatter leaves them: from a head that ends in `{` to the `}` of the same indentation. */
function functionsOf(text: string): Block[] {
  const lines = codeOf(text).split('\n')
  return lines.flatMap((line, start) => {
    if (!FUNCTION_HEAD.test(line.trimEnd()) || NO_FUNCTION.test(line)) return []
    const indent = /^\s*/.exec(line)?.[0] ?? ''
    const length = lines.slice(start + 1).findIndex((next) => next.startsWith(`${indent}}`))
    return length < 0 ? [] : [{ start: start + 1, lines: length + 2 }]
  })
}

describe('what can be read in one sitting', () => {
  it(`is a file of at most ${MAX_FILE_LINES} lines`, () => {
    const long = FILES.map(({ path, text }) => ({ path, lines: text.trimEnd().split('\n').length }))
      .filter(({ lines }) => lines > MAX_FILE_LINES)
      .map(({ path, lines }) => `${path}: ${lines} lines`)
    expect(long).toEqual([])
  })
  it(`is a function of at most ${MAX_FUNCTION_LINES} lines`, () => {
    const long = FILES.flatMap(({ path, text }) =>
      functionsOf(text)
        .filter(({ lines }) => lines > MAX_FUNCTION_LINES)
        .map(({ start, lines }) => ({ where: path, what: `${path}:${start}: ${lines} lines` })),
    )
    expect(long.filter(({ where }) => !LONG_FUNCTIONS.includes(where)).map(({ what }) => what)).toEqual([])
  })
  it('and functions are found at all', () => {
    const found = FILES.flatMap(({ text }) => functionsOf(text))
    expect(found.length).toBeGreaterThan(FILES.length)
    expect(functionsOf('export function f(\n  a: number,\n): number {\n  return a\n}\n')).toEqual([
      { start: 3, lines: 3 },
    ])
    expect(functionsOf('class A {\n  async #b(): Promise<void> {\n  }\n}\n')).toEqual([{ start: 2, lines: 2 }])
    expect(functionsOf('  if (a(b)) {\n  }\n')).toEqual([])
  })
})

describe('errors', () => {
  const code = FILES.map(({ path, text }) => ({ path, text: codeOf(text) }))
  it('are never caught and forgotten', () => {
    const empty = code.flatMap(({ path, text }) => {
      const found = text.match(/catch\s*(?:\([^)]*\)\s*)?\{\s*\}|\.catch\(\s*\(\)\s*=>\s*\{\s*\}\s*\)/g)
      return (found ?? []).map((what) => `${path}: ${what.replace(/\s+/g, ' ')}`)
    })
    expect(empty).toEqual([])
  })
  it('are never caught without being looked at', () => {
    // A comment is no handling: `catch { return undefined }` hides a bug as well as what was meant.
    const blind = code.flatMap((source) => linesMatching(source, /\bcatch\s*\{/))
    expect(blind).toEqual([])
  })
})

describe('types', () => {
  const code = FILES.map(({ path, text }) => ({ path, text: codeOf(text) }))
  it('are never any', () => {
    expect(code.flatMap((source) => linesMatching(source, /(?::|\bas|<|\||=>|,)\s*any\b(?!\w)/))).toEqual([])
  })
  it('are not argued away', () => {
    expect(FILES.flatMap((source) => linesMatching(source, /@ts-(?:ignore|expect-error|nocheck)/))).toEqual([])
    expect(code.flatMap((source) => linesMatching(source, /[\w)\]]!(?:\.|\[|;|\)|,|$)/))).toEqual([])
  })
  it('are looked at case by case: no default in a switch over a union', () => {
    const defaults = code
      .filter(({ path }) => !SWITCHES_OVER_TEXT.includes(path))
      .flatMap((source) => linesMatching(source, /^\s*default:/))
    expect(defaults).toEqual([])
  })
})
