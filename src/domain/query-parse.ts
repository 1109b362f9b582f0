/** From the text of a query to its words. What is wrong is a sentence that names the word and says what would be right. */
import { EVERYTHING, join, type Operator, type Query, type Readers, type Word } from './query.ts'
import { FIELDS, type Field, readField, STATE_CHOICES } from './query-fields.ts'
import { readTest } from './query-values.ts'

export type ParsedQuery =
  | { readonly ok: true; readonly query: Query }
  | { readonly ok: false; readonly problem: string }

/** Longer is no question that a person asks; and recursion is bounded by the depth. */
const LONGEST = 20_000
const DEEPEST = 50

/** What is wrong, in words; caught by `parseQuery` alone. */
export class QueryMistake extends Error {}

export function parseQuery(text: string, readers: Readers): ParsedQuery {
  if (text.length > LONGEST) return { ok: false, problem: `the query is longer than ${LONGEST} characters` }
  try {
    return { ok: true, query: new Parser(text, readers).all() }
  } catch (error) {
    if (!(error instanceof QueryMistake)) throw error
    return { ok: false, problem: error.message }
  }
}

const FIELD = /[A-Za-z_][\w.@+-]*/y
const OPERATOR = />=|<=|[:=<>~]/y
const BARE = /[^\s|()"]+/y
const FLAGS = /[a-z]*/y

class Parser {
  readonly #text: string
  readonly #readers: Readers
  #at = 0
  #depth = 0

  constructor(text: string, readers: Readers) {
    this.#text = text
    this.#readers = readers
  }

  all(): Query {
    if (this.#peek() === '') return EVERYTHING
    const query = this.#alternatives()
    if (this.#peek() === ')') throw new QueryMistake('a ")" has no "("')
    return query
  }

  #alternatives(): Query {
    const parts = [this.#conjunction()]
    while (this.#peek() === '|') {
      this.#at += 1
      parts.push(this.#conjunction())
    }
    return join('or', parts)
  }

  #conjunction(): Query {
    const parts: Query[] = []
    for (let next = this.#peek(); next !== '' && next !== '|' && next !== ')'; next = this.#peek())
      parts.push(this.#term())
    if (parts.length === 0) throw new QueryMistake('a word is missing: beside "|" and within "()" stands one')
    return join('and', parts)
  }

  #term(): Query {
    let denied = false
    for (let next = this.#peek(); next === '!' || next === '-'; next = this.#peek()) {
      denied = !denied
      this.#at += 1
    }
    const part = this.#peek() === '(' ? this.#group() : this.#word()
    return denied ? { kind: 'not', part } : part
  }

  #group(): Query {
    this.#depth += 1
    if (this.#depth > DEEPEST) throw new QueryMistake(`parentheses are nested deeper than ${DEEPEST} levels`)
    this.#at += 1
    const query = this.#alternatives()
    if (this.#peek() !== ')') throw new QueryMistake('a "(" has no ")"')
    this.#at += 1
    this.#depth -= 1
    return query
  }

  #word(): Word {
    const start = this.#at
    const name = this.#take(FIELD)
    const operator = name === '' ? '' : this.#take(OPERATOR)
    if (operator === '') {
      this.#at = start
      return this.#state()
    }
    const field = readField(name)
    if (field === undefined) throw new QueryMistake(this.#noField(name))
    const { value, flags } = operator === '~' ? this.#regex(name) : { value: this.#value(name, operator), flags: '' }
    return this.#made(field, operator as Operator, value, flags)
  }

  #made(field: Field, operator: Operator, value: string, flags: string): Word {
    const test = readTest(field, operator, value, flags, this.#readers)
    if (typeof test === 'string') throw new QueryMistake(test)
    return { kind: 'word', field, operator, value, flags, test }
  }

  /** A word without a field is a state. */
  #state(): Word {
    const word = this.#take(BARE)
    if (Object.hasOwn(STATE_CHOICES, word)) return this.#made({ name: 'state' }, ':', word, '')
    const shown = word === '' ? this.#text.slice(this.#at, this.#at + 20) : word
    const near = this.#readers.near(shown, Object.keys(STATE_CHOICES))
    const hint =
      near === undefined ? `say what of an item it is, for example name:*${plain(shown)}*` : `did you mean ${near}?`
    throw new QueryMistake(`no state "${shown}": ${hint}`)
  }

  #noField(name: string): string {
    if (name === 'param' || name === 'param.' || name === 'params')
      return `"${name}" needs the parameter's name: param.user=7`
    const near = this.#readers.near(name, Object.keys(FIELDS))
    return `no field "${name}": ${near === undefined ? `there are ${Object.keys(FIELDS).join(', ')}` : `did you mean "${near}"?`}`
  }

  #value(name: string, operator: string): string {
    if (this.#text[this.#at] === '"') return this.#quoted()
    const value = this.#take(BARE)
    if (value === '') throw new QueryMistake(`"${name}${operator}" has no value`)
    return value
  }

  #quoted(): string {
    const start = this.#at
    let value = ''
    for (this.#at += 1; this.#at < this.#text.length; this.#at += 1) {
      const c = this.#text.charAt(this.#at)
      if (c === '"') {
        this.#at += 1
        return value
      }
      if (c === '\\') this.#at += 1
      value += c === '\\' ? unescaped(this.#text.charAt(this.#at)) : c
    }
    throw new QueryMistake(`a quote is not closed: ${this.#text.slice(start, start + 30)}`)
  }

  /** `/…/` or `/…/i`; a slash within is written `\/`. */
  #regex(name: string): { value: string; flags: string } {
    const start = this.#at
    if (this.#text[start] !== '/') throw new QueryMistake(`"${name}~" takes a regular expression: ${name}~/timed? out/`)
    let end = start + 1
    while (end < this.#text.length && this.#text[end] !== '/') end += this.#text[end] === '\\' ? 2 : 1
    if (end >= this.#text.length)
      throw new QueryMistake(`a regular expression has no closing "/": ${this.#text.slice(start, start + 30)}`)
    this.#at = end + 1
    return { value: this.#text.slice(start + 1, end), flags: this.#take(FLAGS) }
  }

  /** The next character that is no blank, or '' at the end. */
  #peek(): string {
    while (/^\s/.test(this.#text.charAt(this.#at))) this.#at += 1
    return this.#text.charAt(this.#at)
  }

  #take(pattern: RegExp): string {
    pattern.lastIndex = this.#at
    const [found = ''] = pattern.exec(this.#text) ?? []
    this.#at += found.length
    return found
  }
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r' }

function unescaped(c: string): string {
  return ESCAPES[c] ?? c
}

function plain(word: string): string {
  return word.replace(/[^\w.-]/g, '') || 'x'
}
