/** `rq show` for people. */

import type { Attempt } from '../domain/item.ts'
import { formatJson } from '../domain/json.ts'
import type { Millis } from '../domain/name.ts'
import type { Shown } from '../service/show.ts'
import { type Output, printable } from './output.ts'
import { progressText } from './rq-render-list.ts'
import { span } from './rq-span.ts'

const MERGED_SHOWN = 20

export function renderShown(item: Shown, out: Output, now: Millis): void {
  const field = (name: string, value: string | undefined) => {
    if (value !== undefined && value !== '') out.line(`${out.paint('dim', name.padEnd(10))} ${printable(value)}`)
  }
  out.line(out.paint('bold', printable(item.id ?? item.name)))
  field('queue', item.queue)
  field('status', `${item.status}${item.why === undefined ? '' : ` (${item.why})`}`)
  field('path', item.path)
  const ago = (time: string | null) => (time === null ? undefined : `${time} (${span(now - Date.parse(time))} ago)`)
  field('since', ago(item.since))
  field('created', ago(item.created))
  field('due', item.due ?? undefined)
  field('finished', item.finished ?? undefined)
  field('priority', String(item.priority))
  field('tags', item.tags.join(' '))
  for (const { name, size } of item.payloads) field('payload', `${name} (${size} bytes)`)
  for (const [key, value] of Object.entries(item.msg ?? {})) {
    if (key === 'merged') field(key, mergedText(value))
    else if (key !== 'params') field(key, typeof value === 'string' ? value : formatJson(value))
  }
  for (const [key, value] of Object.entries(item.msg?.params ?? {})) {
    field('param', `${key}=${typeof value === 'string' ? value : formatJson(value)}`)
  }
  field('version', item.version ?? undefined)
  field('msg', item.msg_problem)
  if (item.progress !== null) field('progress', progressText(item.progress))
  for (const attempt of item.attempts) field(`attempt ${attempt.n}`, attemptText(attempt))
  field('has', [item.has_log ? 'log' : '', item.has_result ? 'result' : ''].filter(Boolean).join(', '))
}

/** `merged` is rqd's, but a message may hold anything. */
function mergedText(value: unknown): string {
  if (!Array.isArray(value)) return formatJson(value)
  const more = value.length - MERGED_SHOWN
  return [...value.slice(0, MERGED_SHOWN), ...(more > 0 ? [`and ${more} more: --json has all`] : [])].join(' ')
}

function attemptText({ started, ended, exit, signal, cause, verdict, to, text, cpu, max_rss }: Attempt): string {
  const took = started === undefined || ended === undefined ? undefined : Date.parse(ended) - Date.parse(started)
  return [
    ended ?? started ?? '',
    verdict ?? '',
    to === undefined ? '' : `-> ${to}`,
    exit === undefined ? '' : `exit ${exit}`,
    signal ?? '',
    cause ?? '',
    took === undefined || Number.isNaN(took) ? '' : `${(took / 1000).toFixed(1)} s`,
    cpu === undefined ? '' : `cpu ${cpu}`,
    max_rss === undefined ? '' : `rss ${max_rss}`,
    text ?? '',
  ]
    .filter(Boolean)
    .join('  ')
}
