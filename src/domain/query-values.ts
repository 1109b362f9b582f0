/** What the value of a word means for its field. Pure. */
import { compareNumbers } from './json.ts'
import type { Bounds, Operator, Readers, Test, TextTest } from './query.ts'
import { FIELDS, type Field, QUALITIES, STATE_CHOICES, writeField } from './query-fields.ts'

/** The test, or what is wrong with it. */
export function readTest(
  field: Field,
  operator: Operator,
  value: string,
  flags: string,
  readers: Readers,
): Test | string {
  const { form } = FIELDS[field.name]
  switch (form) {
    case 'value':
      if (operator === '>' || operator === '<' || operator === '>=' || operator === '<=') {
        if (compareNumbers(value, value) !== undefined) return { kind: 'order', operator, number: value }
        return `"${writeField(field)}${operator}${value}": expected a number, as in ${writeField(field)}>1.5`
      }
      return readAsText(field, 'text', operator, value, flags, readers)
    case 'text':
    case 'part':
      return readAsText(field, form, operator, value, flags, readers)
    case 'state':
    case 'is':
      return operator === ':' || operator === '='
        ? readChoice(field, value, readers)
        : `"${writeField(field)}${operator}": it takes ":"`
    case 'number':
    case 'size':
    case 'duration':
    case 'time': {
      if (operator === '~') return `"${field.name}~": ${field.name} is compared, as in ${EXAMPLES[form](field.name)}`
      const bounds = readBounds(field, form, operator, value, readers)
      return bounds === undefined
        ? `"${field.name}${operator}${value}": ${EXPECTS[form]}, as in ${EXAMPLES[form](field.name)}`
        : { kind: 'bounds', bounds }
    }
  }
}

function readAsText(
  field: Field,
  form: 'text' | 'part',
  operator: Operator,
  value: string,
  flags: string,
  readers: Readers,
): Test | string {
  const test = readText(field, form, operator, value, flags, readers)
  return typeof test === 'string' ? test : { kind: 'text', test }
}

function readText(
  field: Field,
  form: 'text' | 'part',
  operator: Operator,
  value: string,
  flags: string,
  readers: Readers,
): TextTest | string {
  const name = writeField(field)
  switch (operator) {
    case '=':
      return { kind: 'exact', text: value }
    case ':':
      if (form === 'part') return { kind: 'part', text: value }
      return /[*?]/.test(value) ? { kind: 'pattern', matches: glob(value) } : { kind: 'exact', text: value }
    case '~': {
      if (!/^i?$/.test(flags)) return `"${name}~/${value}/${flags}": the only flag is "i", for either case`
      const matches = readers.regex(value, flags)
      return typeof matches === 'string' ? `"${name}~/${value}/": ${matches}` : { kind: 'pattern', matches }
    }
    case '>':
    case '<':
    case '>=':
    case '<=':
      return `"${name}${operator}": ${name} is text and has no order; use ":", "=" or "~"`
  }
}

function readChoice(field: Field, value: string, readers: Readers): Test | string {
  if (field.name === 'is') {
    const quality = QUALITIES.find((known) => known === value)
    return quality === undefined ? unknown('quality', value, QUALITIES, readers) : { kind: 'is', quality }
  }
  const choice = Object.hasOwn(STATE_CHOICES, value) ? STATE_CHOICES[value] : undefined
  return choice === undefined ? unknown('state', value, Object.keys(STATE_CHOICES), readers) : { kind: 'state', choice }
}

function unknown(what: string, value: string, words: readonly string[], readers: Readers): string {
  const near = readers.near(value, words)
  return `no ${what} "${value}": ${near === undefined ? `there are ${words.join(', ')}` : `did you mean ${near}?`}`
}

type Form = 'number' | 'size' | 'duration' | 'time'

const EXPECTS = {
  number: 'expected a whole number, or two with ".." between',
  size: 'expected a size',
  duration: 'expected a duration',
  time: 'expected a time, or a duration from now',
} as const satisfies Record<Form, string>

const EXAMPLES = {
  number: (field) => `${field}:1 or ${field}:0..3`,
  size: (field) => `${field}>1M`,
  duration: (field) => `${field}>1h`,
  time: (field) => `${field}<2026-11-20T10:15`,
} as const satisfies Record<Form, (field: string) => string>

interface Reading {
  readonly number: number
  readonly relative?: true
}

function readBounds(field: Field, form: Form, operator: Operator, value: string, readers: Readers): Bounds | undefined {
  const range = /^(.*?)\.\.(.*)$/s.exec(value)
  if (range !== null && (operator === ':' || operator === '='))
    return between(range[1] ?? '', range[2] ?? '', (text) => readOne(field, form, text, readers))
  const one = readOne(field, form, value, readers)
  if (one === undefined) return undefined
  const { number, ...relative } = one
  switch (operator) {
    case ':':
    case '=':
      // A moment, or an exact age, is nothing that anybody means.
      return form === 'number' || form === 'size' ? { min: number, max: number } : undefined
    case '>':
      return { min: number, strict: true, ...relative }
    case '>=':
      return { min: number, ...relative }
    case '<':
      return { max: number, strict: true, ...relative }
    case '<=':
      return { max: number, ...relative }
    case '~':
      return undefined
  }
}

/** Both ends belong to it; one may be left open. */
function between(from: string, to: string, read: (text: string) => Reading | undefined): Bounds | undefined {
  const low = from === '' ? null : read(from)
  const high = to === '' ? null : read(to)
  if (low === undefined || high === undefined || (low === null && high === null)) return undefined
  if (low !== null && high !== null && (low.relative !== high.relative || low.number > high.number)) return undefined
  return {
    ...(low === null ? {} : { min: low.number }),
    ...(high === null ? {} : { max: high.number }),
    ...(low?.relative === true || high?.relative === true ? { relative: true } : {}),
  }
}

function readOne(field: Field, form: Form, text: string, readers: Readers): Reading | undefined {
  switch (form) {
    case 'number':
      return /^\d{1,15}$/.test(text) ? { number: Number(text) } : undefined
    case 'size':
      return reading(readers.size(text))
    case 'duration':
      return reading(readers.duration(text))
    case 'time': {
      // What is due lies ahead, so that a duration from now is plain; when something was made it would be a riddle.
      const ahead = field.name === 'due' ? readers.duration(text) : undefined
      return ahead === undefined ? reading(readers.time(text)) : { number: ahead, relative: true }
    }
  }
}

function reading(number: number | undefined): Reading | undefined {
  return number === undefined ? undefined : { number }
}

/** `*` stands for any text, `?` for one character. Takes no longer than text times pattern, whatever they are. */
export function glob(pattern: string): (text: string) => boolean {
  return (text) => {
    let at = 0
    let next = 0
    let star = -1
    let resume = 0
    while (at < text.length) {
      if (pattern[next] === '*') {
        star = next
        next += 1
        resume = at
      } else if (next < pattern.length && (pattern[next] === '?' || pattern[next] === text[at])) {
        next += 1
        at += 1
      } else if (star >= 0) {
        next = star + 1
        resume += 1
        at = resume
      } else return false
    }
    while (pattern[next] === '*') next += 1
    return next === pattern.length
  }
}
