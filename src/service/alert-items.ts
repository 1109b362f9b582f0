/** Items as an alert names them: where they lie, since when, why, and how they are run again. */
import type { AlertItem } from '../domain/alerts.ts'
import type { Msg, State } from '../domain/item.ts'
import { displayName, type Millis, type RawName } from '../domain/name.ts'
import { type Steps, sorting } from '../domain/steps.ts'
import { formOf, messageOf, payloadsOf } from '../fsqueue/content.ts'
import { QueueIoError } from '../fsqueue/errors.ts'
import { type BytePath, look, names, place, stateDir, within } from '../fsqueue/place.ts'
import { scanPages } from '../fsqueue/scan.ts'
import { callName } from './item-ref.ts'
import type { Queue } from './spool.ts'

/** So many are named; of all there is the count. */
export const NAMED = 50
/** More waiting entries are not looked at for one alert. */
const LOOKED_AT = 200_000
const LOOKS_A_STEP = 128
const LONGEST_REASON = 500
const MOST_FILES = 5

export interface Aged {
  readonly raw: RawName
  readonly since: Millis
}

/** The entries of a state with the time they came into it: `ctime`, which a rename sets. Oldest first. */
export function* agedIn(
  queue: Queue,
  state: State,
  wanted: (raw: RawName) => boolean,
  limit = LOOKED_AT,
): Steps<Aged[]> {
  const found: Aged[] = []
  let left = limit
  for (const page of scanPages(stateDir(queue.dir, state))) {
    for (const raw of page) {
      if (!wanted(raw)) continue
      const stat = look(place(queue.dir, state, raw))
      if (stat !== undefined) found.push({ raw, since: stat.ctimeMs })
      left -= 1
      if (left % LOOKS_A_STEP === 0) yield
    }
    yield
    if (left <= 0) break
  }
  return yield* sorting(found, (a, b) => a.since - b.since || (a.raw < b.raw ? -1 : 1))
}

export function describeItem(root: string, queue: Queue, state: State, { raw, since }: Aged): AlertItem {
  const path = place(queue.dir, state, raw)
  const name = callName(raw)
  const item = { id: name, state, since: new Date(since).toISOString(), path: displayName(path) }
  const retry =
    state === '_err' ? { retry: `rq --root ${shellWord(root)} retry ${shellWord(`${queue.name}/${name}`)}` } : {}
  try {
    return { ...item, reason: shortened(reasonOf(path, raw)), files: filesOf(path, raw), ...retry }
  } catch (error) {
    // It moved on, or may not be read: that it is there is all that can be said.
    if (!(error instanceof QueueIoError)) throw error
    return { ...item, reason: error.message, files: [], ...retry }
  }
}

export function messageAt(path: BytePath, raw: RawName): Msg {
  const form = formOf(path, raw)
  const reading = form === undefined ? undefined : messageOf(path, form)
  return reading?.kind === 'msg' ? reading.msg : {}
}

function reasonOf(path: BytePath, raw: RawName): string {
  const last = messageAt(path, raw).attempts?.at(-1)
  if (last === undefined) return ''
  return [last.text, last.cause, last.exit === undefined ? undefined : `exit ${last.exit}`].find(Boolean) ?? ''
}

/** Also of a directory that is no item: what somebody dropped lies in it. */
function filesOf(path: BytePath, raw: RawName): string[] {
  const form = formOf(path, raw)
  if (form !== 'directory') return []
  const payloads = payloadsOf(path, raw, form).map(({ name }) => name)
  const isItem = look(within(path, 'msg')) !== undefined || payloads.length > 0
  const found = isItem ? payloads : nested(path)
  return found.slice(0, MOST_FILES).map((name) => shortened(name, 100))
}

/** Files below a directory, two levels deep. */
function nested(path: BytePath): string[] {
  return names(path).flatMap((name) => {
    const inner = within(path, name)
    if (look(inner)?.isDirectory() !== true) return [displayName(name)]
    return names(inner).map((file) => displayName(`${name}/${file}`))
  })
}

function shortened(text: string, limit = LONGEST_REASON): string {
  return text.length <= limit ? text : `${text.slice(0, limit - 1)}…`
}

/** For a person to paste. */
function shellWord(text: string): string {
  return /^[\w./:@,+=-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}
