/**
 * The query language, one for every list and every change of many (docs/QUERY.md). A query is words that all must
 * hold; `!` or `-` denies one, `|` stands between alternatives, parentheses group. Pure: who reads durations, times
 * and regular expressions is a parameter.
 */
import { compareNumbers } from './json.ts'
import { COSTS, type Cost, FIELDS, type Field, type Quality, type StateChoice, writeField } from './query-fields.ts'

export type Order = '>=' | '<=' | '>' | '<'
export type Operator = Order | ':' | '=' | '~'

/** Does it match? undefined: it took too long to find out. */
export type Matcher = (text: string) => boolean | undefined

export type TextTest =
  | { readonly kind: 'exact'; readonly text: string }
  | { readonly kind: 'part'; readonly text: string }
  | { readonly kind: 'pattern'; readonly matches: Matcher }

/** Bounds in the unit of the field: ms, bytes, or a plain number; absent ones are open. */
export interface Bounds {
  readonly min?: number
  readonly max?: number
  /** The bound itself is outside. */
  readonly strict?: boolean
  /** A time was given as a duration: it counts from now. */
  readonly relative?: boolean
}

export type Test =
  | { readonly kind: 'text'; readonly test: TextTest }
  | { readonly kind: 'bounds'; readonly bounds: Bounds }
  /** Numbers of any length, as they are written in JSON. */
  | { readonly kind: 'order'; readonly operator: Order; readonly number: string }
  | { readonly kind: 'state'; readonly choice: StateChoice }
  | { readonly kind: 'is'; readonly quality: Quality }

export interface Word {
  readonly kind: 'word'
  readonly field: Field
  readonly operator: Operator
  /** As it was written; of a regular expression what stands between the slashes. */
  readonly value: string
  /** Of a regular expression: '' or 'i'. */
  readonly flags: string
  readonly test: Test
}

export type Query =
  | { readonly kind: 'and' | 'or'; readonly parts: readonly Query[] }
  | { readonly kind: 'not'; readonly part: Query }
  | Word

/** Holds of every item. */
export const EVERYTHING: Query = { kind: 'and', parts: [] }

/** What reads the values of words. */
export interface Readers {
  readonly duration: (text: string) => number | undefined
  readonly size: (text: string) => number | undefined
  readonly time: (text: string) => number | undefined
  /** The word that was probably meant. */
  readonly near: (word: string, words: Iterable<string>) => string | undefined
  /** What finds a regular expression, or what is wrong with it. */
  readonly regex: (source: string, flags: string) => Matcher | string
}

/** What is asked of items; unknown is undefined, and what cannot be known is neither true nor false. */
export interface Facts {
  readonly now: number
  readonly state: () => { readonly state: string; readonly status: string | undefined } | undefined
  readonly texts: (field: Field) => readonly string[] | undefined
  /** null: it has none. */
  readonly number: (field: Field) => number | null | undefined
  readonly is: (quality: Quality) => boolean | undefined
  /** What is too large to be handed around is tested where it lies. */
  readonly content: (field: Field, test: TextTest) => boolean | undefined
}

/**
 * Does the query hold? undefined: what was to be known could not be (unreadable, too large, or gone). So a word and its
 * denial are both not true of an item that could not be read, and nothing is done to it. Words are asked cheapest first.
 */
export function holds(query: Query, facts: Facts): boolean | undefined {
  switch (query.kind) {
    case 'not': {
      const inner = holds(query.part, facts)
      return inner === undefined ? undefined : !inner
    }
    case 'and':
      return decide(query.parts, facts, false)
    case 'or':
      return decide(query.parts, facts, true)
    case 'word':
      return holdsWord(query, facts)
  }
}

/** One part that is `decisive` decides; without one, an unknown part leaves it unknown. */
function decide(parts: readonly Query[], facts: Facts, decisive: boolean): boolean | undefined {
  let answer: boolean | undefined = !decisive
  for (const part of parts) {
    const one = holds(part, facts)
    if (one === decisive) return decisive
    if (one === undefined) answer = undefined
  }
  return answer
}

function holdsWord({ field, test }: Word, facts: Facts): boolean | undefined {
  switch (test.kind) {
    case 'state': {
      const at = facts.state()
      if (at === undefined) return undefined
      if (!test.choice.states.some((state) => state === at.state)) return false
      if (test.choice.status === undefined) return true
      return at.status === undefined ? undefined : at.status === test.choice.status
    }
    case 'is':
      return facts.is(test.quality)
    case 'bounds': {
      const number = facts.number(field)
      if (number === undefined || number === null) return number === null ? false : undefined
      return isWithin(test.bounds, number - (test.bounds.relative === true ? facts.now : 0))
    }
    case 'order':
      return facts.texts(field)?.some((text) => isInOrder(compareNumbers(text, test.number), test.operator))
    case 'text': {
      if (FIELDS[field.name].cost === 'content') return facts.content(field, test.test)
      return anyText(facts.texts(field), test.test)
    }
  }
}

/** What is no number is before none and behind none. */
function isInOrder(compared: number | undefined, operator: Order): boolean {
  if (compared === undefined) return false
  switch (operator) {
    case '>':
      return compared > 0
    case '>=':
      return compared >= 0
    case '<':
      return compared < 0
    case '<=':
      return compared <= 0
  }
}

function isWithin({ min, max, strict }: Bounds, number: number): boolean {
  if (strict === true) return (min === undefined || number > min) && (max === undefined || number < max)
  return (min === undefined || number >= min) && (max === undefined || number <= max)
}

export function anyText(texts: readonly string[] | undefined, test: TextTest): boolean | undefined {
  if (texts === undefined) return undefined
  let answer: boolean | undefined = false
  for (const text of texts) {
    const one = matchText(test, text)
    if (one === true) return true
    if (one === undefined) answer = undefined
  }
  return answer
}

export function matchText(test: TextTest, text: string): boolean | undefined {
  switch (test.kind) {
    case 'exact':
      return text === test.text
    case 'part':
      return text.includes(test.text)
    case 'pattern':
      return test.matches(text)
  }
}

/** What the dearest word of a query needs. */
export function costOf(query: Query): Cost {
  switch (query.kind) {
    case 'word':
      return FIELDS[query.field.name].cost
    case 'not':
      return costOf(query.part)
    case 'and':
    case 'or':
      return COSTS[Math.max(0, ...query.parts.map((part) => COSTS.indexOf(costOf(part))))] ?? 'name'
  }
}

/** Joins queries; the cheapest are asked first. */
export function join(kind: 'and' | 'or', parts: readonly Query[]): Query {
  const [only] = parts
  if (only !== undefined && parts.length === 1) return only
  const flat = parts.flatMap((part) => (part.kind === kind ? part.parts : [part]))
  return { kind, parts: flat.toSorted((a, b) => COSTS.indexOf(costOf(a)) - COSTS.indexOf(costOf(b))) }
}

/** Does any word speak of this field? */
export function asksFor(query: Query, name: Field['name']): boolean {
  switch (query.kind) {
    case 'word':
      return query.field.name === name
    case 'not':
      return asksFor(query.part, name)
    case 'and':
    case 'or':
      return query.parts.some((part) => asksFor(part, name))
  }
}

/** The query as text. `parseQuery` reads it as the same query. */
export function printQuery(query: Query): string {
  switch (query.kind) {
    case 'word':
      return printWord(query)
    case 'not':
      return `!${query.part.kind === 'word' ? printQuery(query.part) : `(${printQuery(query.part)})`}`
    case 'and':
      return query.parts.map((part) => (part.kind === 'or' ? `(${printQuery(part)})` : printQuery(part))).join(' ')
    case 'or':
      return query.parts.map(printQuery).join(' | ')
  }
}

function printWord({ field, operator, value, flags }: Word): string {
  if (operator === '~') return `${writeField(field)}~/${value}/${flags}`
  return writeWord(field, operator, value)
}

/** A word whose value is any text. */
export function writeWord(field: Field, operator: Exclude<Operator, '~'>, value: string): string {
  return `${writeField(field)}${operator}${/^[^\s|()"\\]+$/.test(value) ? value : quoted(value)}`
}

function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&').replaceAll('\n', '\\n').replaceAll('\t', '\\t').replaceAll('\r', '\\r')}"`
}
