/** A strict reader of the text format of Prometheus, 0.0.4: what it does not allow is an error. */

export interface Family {
  readonly type: string
  readonly samples: Map<string, number>
}

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*'
const SAMPLE = new RegExp(`^(${NAME})(?:\\{(.*)\\})? (NaN|[+-]Inf|[+-]?[0-9.]+(?:e[+-]?[0-9]+)?)$`, 's')
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/y
const SUFFIXES: Readonly<Record<string, RegExp>> = { gauge: /^$/, counter: /^$/, histogram: /^_(?:bucket|sum|count)$/ }

/** By name of the family; of each its samples by name and labels, as `name{a="b"}`. */
export function readExposition(text: string): Map<string, Family> {
  if (!text.endsWith('\n')) throw new Error('the last line has no end')
  const families = new Map<string, Family>()
  let current: { name: string; family: Family } | undefined
  let helped = ''
  for (const line of text.slice(0, -1).split('\n')) {
    const [, what, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.*)$/s.exec(line) ?? []
    if (what === 'HELP') helped = name
    else if (what === 'TYPE') {
      if (helped !== name || families.has(name) || SUFFIXES[rest] === undefined) throw new Error(`bad family: ${line}`)
      current = { name, family: { type: rest, samples: new Map() } }
      families.set(name, current.family)
    } else addSample(current, line)
  }
  for (const [name, family] of families) if (family.type === 'histogram') checkHistogram(name, family)
  return families
}

function addSample(current: { name: string; family: Family } | undefined, line: string): void {
  const [, name = '', labels = '', value = ''] = SAMPLE.exec(line) ?? []
  if (current === undefined || name === '' || !name.startsWith(current.name)) throw new Error(`out of place: ${line}`)
  const { type, samples } = current.family
  if (SUFFIXES[type]?.test(name.slice(current.name.length)) !== true) throw new Error(`no sample of a ${type}: ${line}`)
  if (type === 'counter' && !name.endsWith('_total')) throw new Error(`a counter's name ends in _total: ${line}`)
  const key = `${name}{${labelsIn(labels).join(',')}}`
  if (samples.has(key)) throw new Error(`twice: ${line}`)
  samples.set(key, numberOf(value))
}

function labelsIn(text: string): string[] {
  const labels: string[] = []
  LABEL.lastIndex = 0
  while (LABEL.lastIndex < text.length) {
    const found = LABEL.exec(text)
    if (found === null) throw new Error(`bad labels: ${text}`)
    labels.push(`${found[1]}="${found[2]}"`)
  }
  if (new Set(labels.map((label) => label.split('=')[0])).size < labels.length)
    throw new Error(`a label twice: ${text}`)
  return labels
}

function numberOf(text: string): number {
  if (text === '+Inf' || text === '-Inf') return text === '+Inf' ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY
  return Number(text)
}

/** Buckets only grow, up to +Inf, which is the count. */
function checkHistogram(name: string, { samples }: Family): void {
  const last = new Map<string, { le: number; count: number }>()
  for (const [key, count] of samples) {
    const [, labels = '', le = ''] = /^.*_bucket\{(.*?),?le="([^"]*)"\}$/s.exec(key) ?? []
    if (le === '') continue
    const before = last.get(labels)
    const bound = numberOf(le)
    if (before !== undefined && (bound <= before.le || count < before.count)) throw new Error(`buckets shrink: ${key}`)
    last.set(labels, { le: bound, count })
  }
  if (last.size === 0) throw new Error(`no buckets: ${name}`)
  for (const [labels, { le, count }] of last) {
    if (le !== Number.POSITIVE_INFINITY || samples.get(`${name}_count{${labels}}`) !== count)
      throw new Error(`+Inf is not the count: ${name} ${labels}`)
    if (samples.get(`${name}_sum{${labels}}`) === undefined) throw new Error(`no sum: ${name} ${labels}`)
  }
}
