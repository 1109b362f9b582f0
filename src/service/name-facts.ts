/** What a name alone tells a query. */
import { idTime, type Millis, parseItemName } from '../domain/name.ts'
import type { Facts } from '../domain/query.ts'
import { FIELDS, type Field, type FieldName } from '../domain/query-fields.ts'
import { statusOf } from './describe.ts'
import type { Candidate } from './facts.ts'
import { callName } from './item-ref.ts'
import type { WorkerStatus } from './worker-status.ts'

/** What names tell of very many items, one after the other: made once, and shown each. */
export class NameFacts implements Facts {
  readonly now: Millis
  #item: Candidate | undefined
  #name: ReturnType<typeof parseItemName> | undefined

  constructor(now: Millis) {
    this.now = now
  }

  of(item: Candidate): Facts {
    this.#item = item
    this.#name = undefined
    return this
  }

  state = (): ReturnType<Facts['state']> => {
    const item = this.#item
    if (item === undefined) return undefined
    const { due } = this.#parsed()
    return { state: item.at.state, status: statusOf(item.at, due, this.now, liveWorker(item)).status }
  }

  texts = ({ name }: Field): readonly string[] | undefined => {
    if (this.#item === undefined || FIELDS[name].cost !== 'name') return undefined
    return nameTexts(name, this.#item, this.#parsed())
  }

  number = ({ name }: Field): number | null | undefined =>
    FIELDS[name].cost === 'name' ? nameNumber(name, this.#parsed()) : undefined

  is = (): undefined => undefined
  content = (): undefined => undefined

  #parsed(): ReturnType<typeof parseItemName> {
    this.#name ??= parseItemName(this.#item?.at.raw ?? '')
    return this.#name
  }
}

export function liveWorker({ worker }: Candidate): WorkerStatus | undefined {
  return worker?.alive === true ? worker : undefined
}

/** undefined: the name does not tell it. */
export function nameTexts(name: FieldName, { queue, at }: Candidate, { id, tags }: ReturnType<typeof parseItemName>) {
  if (name === 'queue') return [queue.name]
  if (name === 'name') return [callName(at.raw)]
  if (name === 'tag') return tags
  return name === 'id' ? (id === undefined ? [] : [id]) : undefined
}

export function nameNumber(
  name: FieldName,
  { id, priority, due }: ReturnType<typeof parseItemName>,
): number | null | undefined {
  if (name === 'priority') return priority
  if (name === 'due') return due === undefined ? null : due * 1000
  if (name === 'created') return id === undefined ? null : idTime(id)
  return undefined
}
