/** What the verbs that make a message are told about it, and what follows from that. */
import type { Msg } from '../domain/item.ts'
import { parseMsg } from '../domain/msg.ts'
import type { Context } from './context.ts'
import type { Input } from './verb.ts'

export const paramOptions = {
  param: { type: 'pair', summary: 'a free parameter', many: true, value: 'KEY=VALUE' },
  param1: { type: 'text', summary: 'the first parameter' },
  param2: { type: 'text', summary: 'the second' },
  param3: { type: 'text', summary: 'the third' },
  param4: { type: 'text', summary: 'the fourth' },
} as const

export const placeOptions = {
  priority: { type: 'priority', summary: '0 runs first, 9 last, 5 is usual', value: 'N', short: 'p' },
  at: { type: 'time', summary: 'not before this time', value: 'TIME' },
  in: { type: 'duration', summary: 'not before so long from now', value: 'DURATION' },
  tag: { type: 'tag', summary: 'a word to find it by', many: true, value: 'TAG' },
} as const

export const srcOption = {
  src: { type: 'text', summary: 'where it comes from' },
  message: { type: 'text', summary: 'the message as JSON, to which the others add', value: 'JSON' },
} as const

type Nothing = Record<never, never>

/** undefined: nothing was said. A `message` that is none was refused before (`messageComplaint`). */
export function msgOf(input: Input<Nothing, typeof paramOptions & typeof srcOption>): Msg | undefined {
  const { src, param1, param2, param3, param4 } = input
  const given = input.message === undefined ? undefined : parseMsg(input.message)
  const base: Msg = given?.ok === true ? given.msg : {}
  const texts = Object.entries({ src, param1, param2, param3, param4 }).filter(([, text]) => text !== undefined)
  const params = { ...base.params, ...Object.fromEntries(input.param) }
  const msg = { ...base, ...Object.fromEntries(texts), ...(Object.keys(params).length === 0 ? {} : { params }) }
  return Object.keys(msg).length === 0 ? undefined : msg
}

/** What is wrong with a `message`; what the program keeps of a run is not said by who enqueues. */
export function messageComplaint(text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  const parsed = parseMsg(text)
  if (!parsed.ok) return `--message: ${parsed.problem.replace(/^msg:? /, '')}`
  const own = (['attempts', 'result'] as const).find((key) => parsed.msg[key] !== undefined)
  return own === undefined ? undefined : `--message: "${own}" is written by the worker`
}

/** Not before, unix seconds. */
export function dueOf(
  context: Context,
  input: { readonly at: number | undefined; readonly in: number | undefined },
): number | undefined {
  const due = input.in === undefined ? input.at : context.now() + input.in
  return due === undefined ? undefined : Math.ceil(due / 1000)
}
