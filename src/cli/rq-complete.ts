/** What may come next on a command line, for the shells: `rq __complete WORD...`, the last word unfinished. */
import { resolveRoot } from '../config/root.ts'
import type { State } from '../domain/item.ts'
import { FIELDS, QUALITIES, STATE_CHOICES } from '../domain/query-fields.ts'
import { countItems, itemsOf } from '../fsqueue/scan.ts'
import { callName } from '../service/item-ref.ts'
import { VERBS } from '../service/registry.ts'
import { allQueues, queueNames } from '../service/spool.ts'
import type { Spec, Specs, Verb } from '../service/verb.ts'
import { type Output, printable } from './output.ts'
import { optionsOf } from './rq-args.ts'
import { COMPLETION } from './rq-shells.ts'

/** A word and what it is. */
type Candidate = readonly [word: string, says: string]

/** Tells the shell to complete file names itself. */
const FILES: readonly Candidate[] = [[':files', '']]
/** So many names of a state are looked at, and so many words offered. */
const LOOKED_AT = 2_000
const OFFERED = 200
const STATE_WORDS = Object.keys(STATE_CHOICES)
const ANY_STATE: readonly State[] = ['run', 'que', 'pause', '_err']

const COMMANDS: Readonly<Record<string, { summary: string; arguments: Specs; options: Specs }>> = {
  ...VERBS,
  completion: COMPLETION,
}

export async function complete(words: readonly string[], out: Output): Promise<void> {
  for (const [word, says] of await candidates(words))
    out.line(says === '' ? printable(word) : `${printable(word)}\t${printable(says)}`)
}

async function candidates(typed: readonly string[]): Promise<readonly Candidate[]> {
  const words = ungluedWords(typed)
  const last = words.at(-1) ?? ''
  const given = words.slice(0, -1)
  const root = rootIn(given)
  // `rq --root DIR ls` is `rq ls --root DIR`.
  const [name, ...before] =
    given[0] === '--root' ? given.slice(2) : given.slice(given[0]?.startsWith('--root=') ? 1 : 0)
  if (name === undefined) return given.at(-1) === '--root' ? FILES : commands(last)
  if (name === 'help') return commands(last)
  const verb = COMMANDS[name] as Verb | undefined
  if (verb === undefined) return []
  return ofVerb(verb, before, last, root)
}

/** bash takes `--to=x` for three words. */
function ungluedWords(words: readonly string[]): string[] {
  return words.flatMap((word, index) => {
    if (word !== '=' || words[index - 1]?.startsWith('--') !== true) return [word]
    return index === words.length - 1 ? [''] : []
  })
}

function commands(last: string): readonly Candidate[] {
  const all = Object.entries(COMMANDS).map(([word, { summary }]) => [word, summary] as const)
  return matching(last, last.startsWith('-') ? BARE_OPTIONS : [...all, ['help', 'show all commands']])
}

const BARE_OPTIONS: readonly Candidate[] = [
  ['--root', 'the spool'],
  ['--help', 'show all commands'],
  ['--version', ''],
]

async function ofVerb(
  verb: Verb,
  before: readonly string[],
  last: string,
  root: string,
): Promise<readonly Candidate[]> {
  const options = optionsOf(verb)
  const open = openOption(before, options)
  if (open !== undefined) return values(open, last, root)
  const [, option, value] = /^(--[^=]+)=(.*)$/s.exec(last) ?? []
  if (option !== undefined && value !== undefined) {
    const spec = openOption([option], options)
    const found = spec === undefined ? [] : await values(spec, value, root)
    return found === FILES ? found : found.map(([word, says]) => [`${option}=${word}`, says])
  }
  if (last.startsWith('-'))
    return matching(
      last,
      Object.entries(options).map(([option, { summary }]) => [`--${option}`, summary]),
    )
  const argument = argumentAt(verb.arguments, before, options)
  return argument === undefined ? [] : values(argument, last, root)
}

function rootIn(words: readonly string[]): string {
  const at = words.indexOf('--root')
  const root = at < 0 ? words.find((word) => word.startsWith('--root='))?.slice(7) : words[at + 1]
  // The shell has not expanded it yet.
  return resolveRoot(root?.replace(/^~(?=\/|$)/, process.env['HOME'] ?? '~'))
}

/** The option that the unfinished word is the value of. */
function openOption(before: readonly string[], options: Specs): Spec | undefined {
  const spec = optionOf(before.at(-1) ?? '', options)
  return spec === undefined || spec.type === 'flag' ? undefined : spec
}

function optionOf(word: string, options: Specs): Spec | undefined {
  if (word.startsWith('--')) return options[word.slice(2)]
  return word.startsWith('-')
    ? Object.values(options).find(({ short }) => short !== undefined && word === `-${short}`)
    : undefined
}

function argumentAt(specs: Specs, before: readonly string[], options: Specs): Spec | undefined {
  const given = before.filter(
    (word, index) => !isOptionWord(word) && !takesValue(before[index - 1] ?? '', options),
  ).length
  const all = Object.values(specs)
  const last = all.at(-1)
  return all[given] ?? (last?.many === true ? last : undefined)
}

function isOptionWord(word: string): boolean {
  return word.startsWith('-') && word !== '-'
}

function takesValue(word: string, options: Specs): boolean {
  const spec = optionOf(word, options)
  return spec !== undefined && spec.type !== 'flag'
}

async function values(spec: Spec, last: string, root: string): Promise<readonly Candidate[]> {
  switch (spec.type) {
    case 'queue':
      return matching(
        last,
        queueNames(root).map((queue) => [queue, 'queue']),
      )
    case 'query':
      return queryWords(last)
    case 'item':
      return items(last, root, spec.states ?? ANY_STATE)
    case 'path':
      return FILES
    case 'priority':
      return matching(
        last,
        [...'0123456789'].map((digit) => [digit, '']),
      )
    case 'text':
      return matching(
        last,
        (spec.words ?? []).map((word) => [word, '']),
      )
    case 'flag':
    case 'id':
    case 'count':
    case 'bytes':
    case 'duration':
    case 'time':
    case 'tag':
    case 'pair':
      return []
  }
}

function matching(last: string, words: readonly Candidate[]): readonly Candidate[] {
  return words.filter(([word]) => word.startsWith(last))
}

/** The last word of a query: its field, or one of the few words that a field takes. */
function queryWords(last: string): readonly Candidate[] {
  const [, before = '', word = ''] = /^(.*?)([^\s(|!]*)$/s.exec(last) ?? []
  const offered: readonly Candidate[] = word.startsWith('state:')
    ? STATE_WORDS.map((state) => [`state:${state}`, ''])
    : word.startsWith('is:')
      ? QUALITIES.map((quality) => [`is:${quality}`, ''])
      : [
          ...Object.entries(FIELDS).map(
            ([name, { says }]): Candidate => [name === 'param' ? 'param.' : `${name}:`, says],
          ),
          ...STATE_WORDS.map((state): Candidate => [state, 'state']),
        ]
  return matching(word, offered).map(([found, says]) => [before + found, says])
}

/** Ids by their beginning, or by any part that was typed. */
async function items(last: string, root: string, states: readonly State[]): Promise<Candidate[]> {
  const found: Candidate[] = []
  for (const queue of await allQueues(root)) {
    for (const state of states) {
      countItems(offers(queue.name, state, itemsOf(queue.dir, state), last, found), LOOKED_AT)
      if (found.length >= OFFERED) return found
    }
  }
  return found
}

function* offers(
  queue: string,
  state: State,
  all: ReturnType<typeof itemsOf>,
  last: string,
  found: Candidate[],
): Generator<void> {
  for (const { raw } of all) {
    const name = callName(raw)
    if (name.includes(last)) found.push([name, `${queue} ${state}`])
    yield
  }
}
