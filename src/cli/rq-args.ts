/** From a command line to what a verb takes, by its specification. */
import { parseArgs } from 'node:util'
import { nearest } from '../config/near.ts'
import type { Millis } from '../domain/name.ts'
import { parseValue } from '../service/values.ts'
import type { Spec, Specs, Values, ValueType } from '../service/verb.ts'

export interface Taken {
  readonly root: string | undefined
  readonly json: boolean
  readonly help: boolean
  readonly input: Readonly<Record<string, unknown>>
}

export type Parsing = { readonly ok: true; readonly taken: Taken } | { readonly ok: false; readonly problem: string }

interface Words {
  readonly arguments: Specs
  readonly options: Specs
}

/** What every verb takes besides its own. */
export const COMMON: Specs = {
  root: { type: 'text', summary: 'the spool; else $RQ_ROOT, else a default', value: 'DIR' },
  json: { type: 'flag', summary: 'print JSON' },
  help: { type: 'flag', summary: 'show this', short: 'h' },
}

export function optionsOf(verb: Words): Specs {
  return { ...COMMON, ...verb.options }
}

class Misuse extends Error {}

export function parseCommandLine(verb: Words, args: readonly string[], now: Millis): Parsing {
  try {
    const { values, positionals } = split(optionsOf(verb), takesQuery(verb) ? args.map(denied) : args)
    const { root, json, help } = values
    const taken = { root: typeof root === 'string' ? root : undefined, json: json === true, help: help === true }
    if (taken.help) return { ok: true, taken: { ...taken, input: {} } }
    const input = { ...readOptions(verb.options, values, now), ...readArguments(verb.arguments, positionals, now) }
    return { ok: true, taken: { ...taken, input } }
  } catch (error) {
    if (!(error instanceof Misuse)) throw error
    return { ok: false, problem: error.message }
  }
}

/** `-tag:slow` is a word of a query and no option: no option's value holds such an operator so early. */
function denied(word: string): string {
  return /^-[a-z_][\w.]+[:<>~]/.test(word) ? `!${word.slice(1)}` : word
}

function takesQuery(verb: Words): boolean {
  return [...Object.values(verb.arguments), ...Object.values(verb.options)].some(({ type }) => type === 'query')
}

function split(specs: Specs, args: readonly string[]) {
  const options = Object.fromEntries(
    Object.entries(specs).map(([name, { type, many, short }]) => [
      name,
      {
        type: type === 'flag' ? ('boolean' as const) : ('string' as const),
        multiple: many === true,
        ...(short === undefined ? {} : { short }),
      },
    ]),
  )
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true })
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    throw new Misuse(explainError(error.message, Object.keys(specs)))
  }
}

/** parseArgs speaks to programmers. */
function explainError(message: string, known: readonly string[]): string {
  const unknown = /^Unknown option '(-[^']*)'/.exec(message)?.[1]
  if (unknown === undefined) return (message.split('\n')[0] ?? message).replace(/\. .*$/, '')
  const near = nearest(unknown.replace(/^-+/, ''), known)
  return `no option ${unknown}${near === undefined ? '' : `: did you mean --${near}?`} (a name that begins with "-" goes behind "--")`
}

type Raw = Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>

function readOptions(specs: Specs, values: Raw, now: Millis): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(specs).map(([name, spec]) => [name, readOption(name, spec, values[name], now)]),
  )
}

function readOption(name: string, spec: Spec, given: Raw[string], now: Millis): unknown {
  if (spec.type === 'flag') return given === true
  const texts = given === undefined ? [] : [given].flat().map(String)
  // Tags hold no commas, so that several may be written as one word.
  const parts = spec.type === 'tag' ? texts.flatMap((text) => text.split(',')) : texts
  const read = parts.map((text) => readValue(`--${name}`, spec.type as Exclude<ValueType, 'flag'>, text, now))
  return spec.many === true ? read : read.at(-1)
}

function readArguments(specs: Specs, given: readonly string[], now: Millis): Record<string, unknown> {
  const rest = [...given]
  const input: Record<string, unknown> = {}
  for (const [name, spec] of Object.entries(specs)) {
    const type = spec.type as Exclude<ValueType, 'flag'>
    const word = name.toUpperCase()
    const taken = spec.many === true ? rest.splice(0) : rest.splice(0, 1)
    if (taken.length === 0 && spec.optional !== true) throw new Misuse(`${word} is missing`)
    const read = taken.map((text) => readValue(word, type, text, now))
    input[name] = spec.many === true ? read : read[0]
  }
  if (rest.length > 0) throw new Misuse(`"${rest[0]}" is one too many`)
  return input
}

function readValue(what: string, type: Exclude<ValueType, 'flag'>, text: string, now: Millis): Values[ValueType] {
  const parsed = parseValue(type, text, now)
  if (!parsed.ok) throw new Misuse(`${what} "${text}": ${parsed.problem}`)
  return parsed.value
}

/**
 * Node reads its arguments as UTF-8 and replaces what is none; a file's name may be any bytes. So they are read
 * again from the kernel, and a byte that is no UTF-8 is kept as U+DC80 and above (service/values.ts).
 */
export function exactArguments(argv: readonly string[], readCommandLine: () => Buffer): string[] {
  if (!argv.some((text) => text.includes('\ufffd'))) return [...argv]
  const all = readCommandLine().toString('latin1').split('\0').slice(0, -1)
  return all.slice(all.length - argv.length).map(decodeExactly)
}

function decodeExactly(bytes: string): string {
  let text = ''
  for (let at = 0; at < bytes.length; ) {
    const length = [1, 2, 3, 4].find((n) => isText(bytes.slice(at, at + n)))
    if (length === undefined) text += String.fromCharCode(0xdc00 + bytes.charCodeAt(at))
    else text += Buffer.from(bytes.slice(at, at + length), 'latin1').toString()
    at += length ?? 1
  }
  return text
}

function isText(bytes: string): boolean {
  return Buffer.from(Buffer.from(bytes, 'latin1').toString(), 'utf8').toString('latin1') === bytes
}
