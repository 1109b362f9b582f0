/** What could follow in a query (docs/QUERY.md), at the place where somebody types. Pure. */
import { FIELDS, QUALITIES, STATE_CHOICES } from '../../domain/query-fields.ts'

export interface Proposal {
  /** What is put in place of the word. */
  readonly text: string
  readonly says: string
}

/** What is known of the items at hand. */
export interface Known {
  readonly tags: readonly string[]
  readonly queues: readonly string[]
}

export interface Completion {
  /** Where the word begins and ends that a proposal takes the place of. */
  readonly from: number
  readonly to: number
  readonly proposals: readonly Proposal[]
}

const MOST = 12
const STATES = [
  'waiting',
  'scheduled',
  'settling',
  'unavailable',
  'running',
  'held',
  'done',
  'relayed',
  'failed',
] as const

/** Of fields that are compared, an example says more than a colon. */
const EXAMPLES: Readonly<Record<string, readonly string[]>> = {
  age: ['age>1h', 'age<10m'],
  due: ['due<1h', 'due>1d'],
  created: ['created>2026-01-31'],
  size: ['size>1M', 'size<1k'],
  attempts: ['attempts>0', 'attempts>2'],
  exit: ['exit:1', 'exit:75', 'exit>1'],
  priority: ['priority:0..3', 'priority:0'],
  param: ['param.NAME=value'],
}

export function complete(query: string, caret: number, known: Known): Completion {
  const [, before = '', word = ''] = /^(.*?[\s(|]|)([^\s(|]*)$/s.exec(query.slice(0, caret)) ?? []
  const denied = /^[-!]*/.exec(word)?.[0] ?? ''
  const from = before.length + denied.length
  const to = caret + (/^[^\s)|]*/.exec(query.slice(caret))?.[0].length ?? 0)
  const typed = word.slice(denied.length)
  const all = [...values(typed, known), ...words()]
  const begins = all.filter(({ text }) => text !== typed && text.toLowerCase().startsWith(typed.toLowerCase()))
  return { from, to, proposals: begins.slice(0, MOST) }
}

/** Of a field with its operator: the values that there are. */
function values(typed: string, { tags, queues }: Known): readonly Proposal[] {
  const [, name = '', operator = ''] = /^(\w+)([:=])/.exec(typed) ?? []
  const of = (all: readonly string[], says: string) =>
    all.map((one) => ({ text: `${name}${operator}${quoted(one)}`, says }))
  switch (name) {
    case 'tag':
      return of(tags, 'a tag seen here')
    case 'queue':
      return of(queues, 'a queue')
    case 'state':
      return of(Object.keys(STATE_CHOICES), 'a state')
    case 'is':
      return of(QUALITIES, FIELDS.is.says)
    case 'priority':
      return of(['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'], '0 runs first')
    case 'signal':
      return of(['KILL', 'TERM', 'SEGV', 'ABRT', 'INT'], 'a signal')
    case 'cause':
      return of(['cancel', 'lost', 'timeout'], FIELDS.cause.says)
  }
  return []
}

function words(): readonly Proposal[] {
  const states = STATES.map((text) => ({ text, says: 'a state' }))
  const fields = Object.entries(FIELDS).flatMap(([name, { says }]) =>
    (EXAMPLES[name] ?? [`${name}:`]).map((text) => ({ text, says })),
  )
  return [...states, ...fields]
}

/** As it has to be written: with quotes where a word would end. */
export function quoted(value: string): string {
  if (/^[^\s|()"]+$/.test(value)) return value
  return exact(value)
}

/** In quotes, whatever it is. */
export function exact(value: string): string {
  const escaped = value
    .replace(/[\\"]/g, '\\$&')
    .replaceAll('\n', '\\n')
    .replaceAll('\t', '\\t')
    .replaceAll('\r', '\\r')
  return `"${escaped}"`
}
