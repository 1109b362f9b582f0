/** An alert in words: what a person reads in a mail, and a program in JSON. */
import type { AlertItem, Rule, Say } from './alerts.ts'
import { isRecord } from './json.ts'
import type { Millis } from './name.ts'

/** As it is sent, and as it stands in the `msg` of its item. */
export interface Alert extends Say {
  readonly queue: string
  readonly host: string
  /** ISO 8601. */
  readonly at: string
  readonly subject: string
  /** Plain text, whole. */
  readonly body: string
}

const TITLES = {
  failed: 'failed',
  gave_up: 'gave up',
  down: 'down',
  oldest: 'items wait too long',
  idle: 'nothing is done',
  disk_below: 'disk is low',
  files_older: 'old files',
} as const satisfies Record<Rule, string>

const LONGEST_SUBJECT = 150
const LONGEST_BODY = 32_000

export function makeAlert(say: Say, queue: string, host: string, now: Millis): Alert {
  const at = new Date(now).toISOString()
  return { ...say, queue, host, at, subject: subjectOf(say, queue), body: bodyOf(say, queue, host, at) }
}

function subjectOf({ rule, news, items, count, text }: Say, queue: string): string {
  const title = TITLES[rule]
  const [first] = items
  const head = `[rqd] ${queue}`
  if (news === 'recovered') return oneLine(`${head}: ${title}: over`)
  const again = news === 'again' ? ' (still)' : ''
  if ((rule === 'failed' || rule === 'gave_up') && first !== undefined) {
    const which = count === 1 ? `${first.id} ${title}: ${first.reason}` : `${count} items failed`
    return oneLine(`${head}: ${which}`)
  }
  return oneLine(`${head}: ${title}${again}: ${text}`)
}

function oneLine(text: string): string {
  const plain = text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ')
  return plain.length <= LONGEST_SUBJECT ? plain : `${plain.slice(0, LONGEST_SUBJECT - 1)}…`
}

function bodyOf({ rule, news, text, items, count }: Say, queue: string, host: string, at: string): string {
  const more = count - items.length
  const lines = [
    `Queue:  ${queue} on ${host}`,
    `Rule:   ${rule}${news === 'new' ? '' : `, ${news}`}`,
    `Time:   ${at}`,
    '',
    text,
    ...items.flatMap((item) => ['', ...itemLines(item)]),
    ...(more > 0 ? ['', `and ${more} more`] : []),
    '',
  ]
  const body = lines.join('\n')
  return body.length <= LONGEST_BODY ? body : `${body.slice(0, LONGEST_BODY)}\n(cut here)\n`
}

function itemLines({ id, state, since, reason, path, files, retry }: AlertItem): string[] {
  return [
    `Item:   ${id}`,
    `State:  ${state} since ${since}`,
    ...(files.length === 0 ? [] : [`Files:  ${files.join(', ')}`]),
    ...(reason === '' ? [] : [`Reason: ${reason}`]),
    `Path:   ${path}`,
    ...(retry === undefined ? [] : [`Retry:  ${retry}`]),
  ]
}

/** Read again by the program that sends it: what it needs is there, or undefined. */
export function parseAlert(value: unknown): Pick<Alert, 'queue' | 'subject' | 'body'> | undefined {
  if (!isRecord(value)) return undefined
  const { queue, subject, body } = value
  if (typeof queue !== 'string' || typeof subject !== 'string' || typeof body !== 'string') return undefined
  return { ...value, queue, subject, body }
}
