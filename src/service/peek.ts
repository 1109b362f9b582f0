/** `rq peek`: what items hold, a range of them in the order in which they will run. */
import { isUtf8 } from 'node:buffer'
import { formOf, messageOf, payloadsOf } from '../fsqueue/content.ts'
import { unlessDenied } from '../fsqueue/errors.ts'
import { readRegular } from '../fsqueue/files.ts'
import { type BytePath, look, place, within } from '../fsqueue/place.ts'
import { ok } from './answer.ts'
import { unjudged } from './bulk.ts'
import { describe, type Status } from './describe.ts'
import type { Candidate } from './facts.ts'
import { callName, spell } from './item-ref.ts'
import { pageOf } from './listing.ts'
import { NAMES_BOUND } from './looking.ts'
import { noteOf } from './note.ts'
import { isQuery, readQuery } from './query.ts'
import { placesFor, queuesNamed } from './select.ts'
import { defineVerb } from './verb.ts'

const DEFAULT_LIMIT = 10
const DEFAULT_BYTES = 4096
const MOST_BYTES = 1024 * 1024

/** One file of an item: its payload, or its message. */
export interface PeekedFile {
  readonly name: string
  readonly size: number
  /** Its beginning; in base64 where it is no UTF-8. null: it cannot be read. */
  readonly content: string | null
  readonly encoding: 'utf8' | 'base64'
  readonly cut: boolean
}

export interface Peeked {
  readonly queue: string
  readonly id: string
  readonly status: Status
  /** What is wrong with its message. */
  readonly text?: string
  readonly files: readonly PeekedFile[]
}

export interface Peek {
  readonly items: readonly Peeked[]
  readonly more: boolean
}

export const peek = defineVerb({
  summary: 'print what items hold, in the order in which they will run',
  details: `Without a state in QUERY: what waits. Looks at ${NAMES_BOUND} names at most.`,
  arguments: {
    queue: { type: 'queue', summary: 'the queue, or a pattern such as mail-*' },
    query: { type: 'query', summary: 'only items that match (docs/QUERY.md)', many: true, optional: true },
  },
  options: {
    offset: { type: 'count', summary: 'leave out so many at the beginning', value: 'N' },
    limit: { type: 'count', summary: `at most so many (default ${DEFAULT_LIMIT})`, value: 'N', short: 'n' },
    bytes: { type: 'count', summary: `so much of each file (default ${DEFAULT_BYTES}, at most 1 MiB)`, value: 'N' },
  },
  examples: [
    { command: 'rq peek mail --offset 10 --limit 5', says: 'the eleventh to the fifteenth that wait' },
    { command: "rq peek mail 'failed is:malformed'", says: 'what could not be read as a message' },
  ],
  run: async (context, input) => {
    const queues = await queuesNamed(context.root, [input.queue])
    if ('kind' in queues) return { value: undefined, problems: [queues] }
    const query = readQuery(input.query, context.now())
    if (!isQuery(query)) return { value: undefined, problems: [query] }
    const limit = input.limit ?? DEFAULT_LIMIT
    const from = { offset: input.offset ?? 0, asked: '', about: 0, after: undefined }
    const wanted = { sort: 'order', reverse: false, ...from, limit, deep: false, within: undefined } as const
    const page = await pageOf(placesFor(queues, query, ['que'], context.now()), query, wanted, context.now(), context)
    if (page.unknown > 0) context.tell({ kind: 'note', text: unjudged(page.unknown) })
    const bytes = Math.min(input.bytes ?? DEFAULT_BYTES, MOST_BYTES)
    const items = page.items.map((item) => peekInto(item, bytes, context.now()))
    return ok({ items, more: page.more || page.bounded })
  },
})

function peekInto(item: Candidate, bytes: number, now: number): Peeked {
  const { queue, at, worker } = item
  const path = place(queue.dir, at.state, at.raw, at.bucket)
  const text = noteOf(item)
  return {
    queue: queue.name,
    id: callName(at.raw),
    status: describe(queue.name, at, now, worker).status,
    ...(text === undefined ? {} : { text }),
    files: filesOf(item, path).map(({ name, path }) => beginning(name, path, bytes)),
  }
}

function filesOf({ at }: Candidate, path: BytePath): readonly { name: string; path: BytePath }[] {
  return unlessDenied(() => {
    const form = formOf(path, at.raw)
    if (form === undefined || form === 'special') return []
    const payloads = payloadsOf(path, at.raw, form).map((one) => ({ name: spell(one.name), path: one.path }))
    if (form === 'message') return [{ name: 'msg', path }]
    const hasMessage = form === 'directory' && messageOf(path, form).kind !== 'absent'
    return hasMessage ? [{ name: 'msg', path: within(path, 'msg') }, ...payloads] : payloads
  }, [])
}

function beginning(name: string, path: BytePath, bytes: number): PeekedFile {
  const size = look(path)?.size ?? 0
  const reading = unlessDenied(() => readRegular(path, bytes, 'cut', 'latin1'), undefined)
  if (reading?.kind !== 'text') return { name, size, content: null, encoding: 'utf8', cut: false }
  const data = Buffer.from(reading.text, 'latin1')
  const text = data.toString()
  // The bound may cut a character in two: then up to three bytes at the end are none of their own.
  const isText = [0, 1, 2, 3]
    .slice(0, size > data.length ? 4 : 1)
    .some((cut) => isUtf8(data.subarray(0, data.length - cut)))
  const content = isText ? text : data.toString('base64')
  return { name, size, content, encoding: isText ? 'utf8' : 'base64', cut: size > data.length }
}
