/** What a query asks of an item, looked for when it is asked: by its name, its inode, its message, what it holds. */
import type { Attempt, Msg } from '../domain/item.ts'
import { formatJson } from '../domain/json.ts'
import { type Millis, parseItemName } from '../domain/name.ts'
import type { Facts, TextTest } from '../domain/query.ts'
import { COSTS, type Cost, FIELDS, type Field, type FieldName, type Quality } from '../domain/query-fields.ts'
import { formOf, type ItemForm, messageOf, payloadsOf } from '../fsqueue/content.ts'
import { unlessDenied } from '../fsqueue/errors.ts'
import { type MsgReading, NOT_READABLE } from '../fsqueue/message.ts'
import { type BytePath, look, place, within } from '../fsqueue/place.ts'
import type { Located } from '../fsqueue/scan.ts'
import { statusAt } from './describe.ts'
import { fileMatches, logMatches } from './facts-content.ts'
import { callName } from './item-ref.ts'
import { liveWorker, nameNumber, nameTexts } from './name-facts.ts'
import { reasonsIn } from './reason.ts'
import type { Queue } from './spool.ts'
import type { WorkerStatus } from './worker-status.ts'

export interface Candidate {
  readonly queue: Queue
  readonly at: Located
  readonly worker: WorkerStatus | undefined
}

/** `level`: the dearest that may be looked at; what would cost more is unknown. */
export function factsOf(item: Candidate, now: Millis, level: Cost): Facts {
  const look = new Look(item)
  const allowed = (field: FieldName) => COSTS.indexOf(FIELDS[field].cost) <= COSTS.indexOf(level)
  return {
    now,
    state: () => ({
      state: item.at.state,
      status: statusAt(item.at, now, liveWorker(item)),
    }),
    texts: (field) => (allowed(field.name) ? look.texts(field) : undefined),
    number: (field) => (allowed(field.name) ? look.number(field.name, now) : undefined),
    is: (quality) => (allowed('is') ? look.is(quality) : undefined),
    content: (field, test) => (allowed(field.name) ? look.content(field.name, test) : undefined),
  }
}

/** Of all items of a queue's state: what is known before any is looked at. */
export function factsOfState(queue: string, state: string, now: Millis): Facts {
  return {
    now,
    state: () => ({ state, status: undefined }),
    texts: ({ name }) => (name === 'queue' ? [queue] : undefined),
    number: () => undefined,
    is: () => undefined,
    content: () => undefined,
  }
}

/** Of all items of a queue's state whose names are ids without suffixes. */
export function factsOfPlain(queue: string, state: string, now: Millis): Facts {
  const { tags, priority } = PLAIN
  return {
    ...factsOfState(queue, state, now),
    texts: ({ name }) => (name === 'queue' ? [queue] : name === 'tag' ? tags : undefined),
    number: ({ name }) => (name === 'priority' ? priority : name === 'due' ? null : undefined),
  }
}

const PLAIN = parseItemName('20261122T101500.123456-x7f2k9')
const NO_MESSAGE: Msg = {}

class Look {
  readonly #item: Candidate
  readonly #path: BytePath
  #name: ReturnType<typeof parseItemName> | undefined
  #form: ItemForm | 'gone' | undefined
  #reading: MsgReading | undefined

  constructor(item: Candidate) {
    this.#item = item
    this.#path = place(item.queue.dir, item.at.state, item.at.raw, item.at.bucket)
  }

  texts({ name, key }: Field): readonly string[] | undefined {
    const told = nameTexts(name, this.#item, this.#parsed)
    if (told !== undefined) return told
    if (name === 'reason') return this.#reason()
    const msg = this.#message()
    if (msg === undefined) return undefined
    if (name === 'param')
      return given(asText(Object.hasOwn(msg.params ?? {}, key ?? '') ? msg.params?.[key ?? ''] : undefined))
    if (name === 'text') return [...given(msg.attempts?.at(-1)?.text), ownText(msg), callName(this.#item.at.raw)]
    if (name === 'signal' || name === 'cause' || name === 'verdict') return given(msg.attempts?.at(-1)?.[name])
    return given(asText(msg[name]))
  }

  number(name: FieldName, now: Millis): number | null | undefined {
    const told = nameNumber(name, this.#parsed)
    if (told !== undefined) return told
    if (name === 'age') return this.#age(now)
    if (name === 'entered') return this.#entered()
    if (name === 'size') return this.#size()
    const msg = this.#message()
    if (msg === undefined) return undefined
    const attempts: readonly Attempt[] = msg.attempts ?? []
    // By its number: of a long history the first are left out.
    if (name === 'attempts') return attempts.at(-1)?.n ?? 0
    return attempts.at(-1)?.exit ?? null
  }

  is(quality: Quality): boolean | undefined {
    const form = this.#kind()
    if (form === 'gone') return undefined
    switch (quality) {
      case 'special':
        return form === 'special'
      case 'empty': {
        if (form === 'file' || form === 'special') return form === 'file' && this.#size() === 0
        if (form === 'message' && look(this.#path)?.size === 0) return true
        const msg = this.#message()
        return msg === undefined ? undefined : form === 'directory' && this.#size() !== 0 ? false : isEmpty(msg)
      }
      case 'malformed':
        return form === 'special' || (form === 'directory' && look(within(this.#path, 'msg.refused')) !== undefined)
          ? true
          : this.#isMalformed(form)
    }
  }

  content(name: FieldName, test: TextTest): boolean | undefined {
    const form = this.#kind()
    if (form === 'gone') return undefined
    if (name === 'log') return form === 'directory' ? logMatches(this.#path, test) : false
    if (form === 'special') return false
    if (form !== 'directory') return fileMatches(this.#path, test)
    const payloads = payloadsOf(this.#path, this.#item.at.raw, form)
    if (payloads.length === 0) return fileMatches(within(this.#path, 'msg'), test)
    const answers = payloads.map(({ path }) => fileMatches(path, test))
    return answers.includes(true) ? true : answers.includes(undefined) ? undefined : false
  }

  get #parsed(): ReturnType<typeof parseItemName> {
    this.#name ??= parseItemName(this.#item.at.raw)
    return this.#name
  }

  #kind(): ItemForm | 'gone' {
    this.#form ??= formOf(this.#path, this.#item.at.raw) ?? 'gone'
    return this.#form
  }

  #age(now: Millis): number | undefined {
    const since = this.#entered()
    return since === undefined ? undefined : now - since
  }

  /** Of what runs its start: its directory changes meanwhile. */
  #entered(): Millis | undefined {
    const { at, worker } = this.#item
    const run = at.state === 'run' ? worker?.running.find(({ id }) => id === this.#parsed.id) : undefined
    const started = Date.parse(run?.started ?? '')
    return Number.isNaN(started) ? look(this.#path)?.ctimeMs : started
  }

  #reason(): readonly string[] | undefined {
    const form = this.#kind()
    return form === 'gone' ? undefined : reasonsIn(form, this.#read(form))
  }

  #size(): number | undefined {
    const form = this.#kind()
    if (form === 'gone') return undefined
    if (form === 'message') return look(this.#path)?.size
    return unlessDenied(
      () => payloadsOf(this.#path, this.#item.at.raw, form).reduce((sum, { size }) => sum + size, 0),
      undefined,
    )
  }

  /** undefined: there is none that could be read, or it is none. A plain file has one that says nothing. */
  #message(): Msg | undefined {
    const form = this.#kind()
    if (form === 'gone') return undefined
    const reading = this.#read(form)
    if (reading.kind === 'msg') return reading.msg
    return form === 'file' ? NO_MESSAGE : undefined
  }

  #isMalformed(form: ItemForm): boolean | undefined {
    const reading = this.#read(form)
    if (reading.kind === 'bad') return reading.problem.endsWith(NOT_READABLE) ? undefined : true
    if (reading.kind === 'absent' && form !== 'file') return look(this.#path) === undefined ? undefined : true
    return false
  }

  #read(form: ItemForm): MsgReading {
    this.#reading ??= messageOf(this.#path, form)
    return this.#reading
  }
}

function given(text: string | undefined): readonly string[] {
  return text === undefined ? [] : [text]
}

function asText(value: unknown): string | undefined {
  return value === undefined || typeof value === 'string' ? value : formatJson(value)
}

/** What its producer wrote, as JSON. */
function ownText({ attempts: _attempts, result: _result, ...own }: Msg): string {
  return formatJson(own)
}

function isEmpty({ attempts: _attempts, result: _result, name: _name, ...own }: Msg): boolean {
  return Object.keys(own).length === 0
}
