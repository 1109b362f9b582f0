/**
 * `attempt.<n>`, one file for all that one run leaves beside the item:
 *
 *     #<exit, 4 wide>             written in place by the slot: a full disk cannot tear it. A `b` behind it: of the hook `before`
 *     # <slot pid> <slot start> <boot id> <FIFO or ->
 *     <values that the slot sources>
 *     #status
 *     <lines that the handler wrote to fd 3>
 *
 * `started.<n>`: made with O_EXCL by whoever owns the attempt. `stop.<n>`: why we are stopping it.
 */
import { STOP_CAUSES, type StopCause } from '../domain/item.ts'
import type { RawName } from '../domain/name.ts'
import { firstVerdict, parseStatusLines, type StatusLine } from '../domain/status-line.ts'
import { appendByte, readOwn, readRegular, removeFile, writeNew } from './files.ts'
import { type BytePath, look, names, within } from './place.ts'

const MAX_ATTEMPT_BYTES = 8 * 1024 * 1024
const STATUS_MARK = '\n#status\n'

export interface SlotIdentity {
  readonly pid: number
  readonly start: number
  readonly boot: string
  /** The FIFO that its handlers read answers from, relative to the queue. */
  readonly fifo?: string | undefined
  /** Its handler, of another user, could write that: it is believed where the process proves it. */
  readonly isUnproven?: boolean
}

export interface AttemptRecord {
  readonly n: number
  readonly exit: number | undefined
  /** It is the exit of the hook `before`; the handler was not run. */
  readonly before?: boolean
  readonly slot: SlotIdentity | undefined
  readonly lines: readonly StatusLine[]
}

export function attemptPath(item: BytePath, n: number): BytePath {
  return within(item, `attempt.${n}`)
}

/** Written before the token is sent. `values` holds no newline inside a value (launch/quote.ts). False: the number is taken. */
export function writeAttempt(item: BytePath, n: number, slot: SlotIdentity, values: string): boolean {
  const text = `#    \n# ${slot.pid} ${slot.start} ${slot.boot} ${slot.fifo ?? '-'}\n${values}${STATUS_MARK}`
  return writeNew(attemptPath(item, n), Buffer.from(text, 'latin1'))
}

/** undefined when there is no such attempt; a damaged file reads as one without exit and slot. */
export function readAttempt(item: BytePath, n: number): AttemptRecord | undefined {
  const small = readOwn(attemptPath(item, n))
  if (small !== undefined) return parseAttempt(n, small)
  // A handler may flood its file: its slot and exit stand at the beginning, and the first verdict counts.
  const reading = readRegular(attemptPath(item, n), MAX_ATTEMPT_BYTES, 'cut')
  if (reading.kind === 'absent') return undefined
  if (reading.kind === 'refused') return { n, exit: undefined, slot: undefined, lines: [] }
  const record = parseAttempt(n, reading.text)
  const isCut = (look(attemptPath(item, n))?.size ?? 0) > MAX_ATTEMPT_BYTES
  if (!isCut || firstVerdict(record.lines) !== undefined) return record
  // Its verdict may stand behind what is read: that is no reason to call it a success.
  return { ...record, lines: [...record.lines, { kind: 'fail', text: 'wrote over 8 MiB to fd 3 without a verdict' }] }
}

function parseAttempt(n: number, text: string): AttemptRecord {
  const [, exit, before] = /^#(?=[^\n]{4}\n)(\d{1,3})(b?) *\n/.exec(text) ?? []
  const slot = /^#[^\n]*\n# (\d+) (\d+) (\S+)(?: (\S+))?\n/.exec(text)
  const mark = text.indexOf(STATUS_MARK)
  return {
    n,
    exit: exit === undefined ? undefined : Number(exit),
    ...(before === 'b' ? { before: true } : {}),
    slot:
      slot === null
        ? undefined
        : { pid: Number(slot[1]), start: Number(slot[2]), boot: slot[3] ?? '', fifo: fifoPath(slot[4]) },
    lines: mark < 0 ? [] : parseStatusLines(text.slice(mark + STATUS_MARK.length)),
  }
}

/** Only a name that a worker of ours gives: the file lies in an item. */
function fifoPath(text: string | undefined): string | undefined {
  return text !== undefined && /^_tmp\/fifo\.[0-9.]+$/.test(text) ? text : undefined
}

/** One byte for each dup line that was answered: a worker that adopts the run goes on behind them. */
export function countAnswer(item: BytePath, n: number): void {
  appendByte(within(item, `answered.${n}`))
}

export function answeredCount(item: BytePath, n: number): number {
  return look(within(item, `answered.${n}`))?.size ?? 0
}

/** Whoever gets true owns the attempt: the slot that runs it, or a recovery that will not. */
export function seizeAttempt(item: BytePath, n: number): boolean {
  return writeNew(within(item, `started.${n}`), '')
}

export function hasStarted(item: BytePath, n: number): boolean {
  return look(within(item, `started.${n}`)) !== undefined
}

/** When its slot began it, ms since 1970; nobody can set that back. */
export function startedAt(item: BytePath, n: number): number | undefined {
  return look(within(item, `started.${n}`))?.ctimeMs
}

/** The first cause stays. */
export function recordStop(item: BytePath, n: number, cause: StopCause): void {
  writeNew(within(item, `stop.${n}`), cause)
}

export function stopCause(item: BytePath, n: number): StopCause | undefined {
  const reading = readRegular(within(item, `stop.${n}`), 100)
  if (reading.kind !== 'text') return undefined
  const cause = reading.text.trim()
  return STOP_CAUSES.find((known) => known === cause)
}

/** The highest attempt number that has a file of ours in the item, 0 if none. */
export function newestAttempt(entries: readonly RawName[]): number {
  return Math.max(0, ...entries.map((name) => Number(/^attempt\.(\d{1,9})$/.exec(name)?.[1] ?? 0)))
}

/** The highest number that any file of ours mentions: the next attempt takes one above it. */
export function highestNumber(entries: readonly RawName[]): number {
  return Math.max(0, ...entries.map((name) => Number(/^(?:attempt|started|stop)\.(\d{1,9})$/.exec(name)?.[1] ?? 0)))
}

/** The same for a first attempt that nobody stopped: two names, and no listing. */
export function removeFirstAttempt(item: BytePath): void {
  removeFile(within(item, 'attempt.1'))
  removeFile(within(item, 'started.1'))
}

/** Folds the files of attempts up to `n`, and a cancel mark, away; their content is in `msg` by now. */
export function removeAttemptFiles(item: BytePath, n: number): void {
  for (const name of names(item)) {
    const number = /^(?:attempt|started|stop|answered)\.(\d{1,9})$/.exec(name)?.[1]
    if ((number !== undefined && Number(number) <= n) || name === 'cancel') removeFile(within(item, name))
  }
}
