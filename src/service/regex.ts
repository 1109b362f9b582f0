/**
 * Regular expressions that cannot hang: what people write may take for ever on what others wrote. Those that are plain
 * enough run as they are on short texts; any other in a context with a deadline, where V8 can be stopped.
 */
import { createContext, Script } from 'node:vm'
import type { Matcher } from '../domain/query.ts'

/** Of one text. */
const DEADLINE = 250
/** So often, and it is asked no more. */
const PATIENCE = 4
/** At most the square of it, for an expression with one repetition. */
const SHORT = 4_096
const LONGEST = 1_000

/** What finds the expression in a text (undefined: not within the deadline), or what is wrong with it. */
export function makeRegex(source: string, flags: string): Matcher | string {
  if (source === '') return 'the regular expression is empty'
  if (source.length > LONGEST) return `longer than ${LONGEST} characters`
  let regex: RegExp
  try {
    regex = new RegExp(source, flags)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    return error.message.replace(/^Invalid regular expression: /, 'no regular expression: ')
  }
  const guarded = withDeadline(regex)
  const plain = isPlain(source)
  return (text) => (plain && text.length <= SHORT ? regex.test(text) : guarded(text))
}

/** At most one repetition, and none of a group: then the work is bounded by the square of the text. */
function isPlain(source: string): boolean {
  const bare = source.replace(/\\./gs, '_').replace(/\[[^\]]*\]/g, '_')
  return !/\)[*+{?]|\\\d/.test(bare) && !/\\[\dk]/.test(source) && (bare.match(/[*+{?]/g) ?? []).length <= 1
}

function withDeadline(regex: RegExp): Matcher {
  let world: { text: string } | undefined
  const script = new Script('regex.test(text)')
  let late = 0
  return (text) => {
    if (late >= PATIENCE) return undefined
    world ??= createContext({ regex, text: '' }) as { text: string }
    world.text = text
    try {
      return script.runInContext(world, { timeout: DEADLINE }) === true
    } catch (error) {
      if (!isTimeout(error)) throw error
      late += 1
      return undefined
    }
  }
}

/** It comes from the other context, so that it is no Error of ours. */
function isTimeout(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT'
}
