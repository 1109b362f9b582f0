/** The forms of values in a config.json, each with the words that say what is wrong. */
import * as v from 'valibot'
import { DURATION_PATTERN, parseDuration, parseSize, SIZE_PATTERN } from './units.ts'

export function say(what: string, example: string): string {
  return `must be ${what}, such as ${example}`
}

/** "90s", "1h 30m", or bare seconds; milliseconds. */
export const duration = v.pipe(
  v.union(
    [v.pipe(v.string(), v.regex(DURATION_PATTERN, say('a duration', '"90s"'))), v.pipe(v.number(), v.minValue(0))],
    say('a duration', '"90s"'),
  ),
  v.rawTransform(({ dataset, addIssue, NEVER }) => {
    const ms = parseDuration(dataset.value)
    if (ms !== undefined) return ms
    addIssue({ message: say('a duration', '"90s"') })
    return NEVER
  }),
)

/** "64M", "1.5 GiB", or bare bytes. */
export const size = v.pipe(
  v.union(
    [v.pipe(v.string(), v.regex(SIZE_PATTERN, say('a size', '"64M"'))), v.pipe(v.number(), v.integer(), v.minValue(0))],
    say('a size', '"64M"'),
  ),
  v.rawTransform(({ dataset, addIssue, NEVER }) => {
    const bytes = parseSize(dataset.value)
    if (bytes !== undefined) return bytes
    addIssue({ message: say('a size', '"64M"') })
    return NEVER
  }),
)

export function count(from: number, to: number) {
  const message = `must be a whole number from ${from} to ${to}`
  return v.pipe(v.number(message), v.integer(message), v.minValue(from, message), v.maxValue(to, message))
}

/** Behind a value's form and before what turns it into another: it speaks of what stands in the file. */
export function described<S extends v.GenericSchema>(schema: S, description: string): v.OptionalSchema<S, undefined> {
  const [form, ...actions] = 'pipe' in schema ? (schema.pipe as [v.GenericSchema, ...v.GenericPipeItem[]]) : [schema]
  return v.optional(v.pipe(form, v.description(description), ...actions) as unknown as S)
}

export const word = v.pipe(
  v.string('must be a text'),
  v.nonEmpty('must not be empty'),
  v.regex(/^[^\0]*$/, 'must not hold a NUL character'),
)
export const argv = v.array(word, 'must be a list of texts')
export const flag = v.boolean('must be true or false')

/** A key of an object: it stands in object form, where valibot's message would not name it. */
export const exitCode = v.pipe(
  v.string(),
  v.regex(/^(?:\d|[1-9]\d|1\d\d|2[0-4]\d|25[0-5])$/, 'is no exit code: they are "0" to "255"'),
)
