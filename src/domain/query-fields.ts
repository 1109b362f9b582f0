/** What a query can ask of an item, and what each question costs (docs/QUERY.md). */
import type { State } from './item.ts'

/** What has to be looked at for an answer, the cheapest first: the name, its inode, the message, what it holds. */
export const COSTS = ['name', 'stat', 'message', 'content'] as const
export type Cost = (typeof COSTS)[number]

interface FieldSpec {
  readonly cost: Cost
  /**
   * What `:` means: the whole text or a pattern with `*` and `?`, a part of the text, a number, or one of some words.
   * `value`: text that may be a number, and is then compared as one.
   */
  readonly form: 'text' | 'value' | 'part' | 'number' | 'size' | 'duration' | 'time' | 'state' | 'is'
  readonly says: string
}

const field = (cost: Cost, form: FieldSpec['form'], says: string): FieldSpec => ({ cost, form, says })

export const FIELDS = {
  state: field('name', 'state', 'a state: waiting, failed, _err, …'),
  queue: field('name', 'text', 'the queue'),
  name: field('name', 'text', 'the id, or the name of a dropped file'),
  id: field('name', 'part', 'a part of the id'),
  tag: field('name', 'text', 'one of its tags'),
  priority: field('name', 'number', '0 to 9'),
  due: field('name', 'time', 'not before: a time, or so long from now'),
  created: field('name', 'time', 'when its id was made'),
  age: field('stat', 'duration', 'time in its state'),
  entered: field('stat', 'time', 'when it came into its state'),
  size: field('stat', 'size', 'of its payload'),
  attempts: field('message', 'number', 'how often it ran'),
  exit: field('message', 'number', 'exit status of the last attempt'),
  signal: field('message', 'text', 'signal of the last attempt'),
  cause: field('message', 'text', 'why the last attempt was ended: cancel, lost, …'),
  verdict: field('message', 'text', 'of the last attempt: fail, reschedule, …'),
  reason: field('message', 'text', 'how the last attempt ended, as `rq causes` writes it'),
  text: field('message', 'part', 'what the last attempt said, the message, or the name'),
  param: field('message', 'value', 'param.KEY: of params'),
  param1: field('message', 'value', 'a parameter'),
  param2: field('message', 'value', 'a parameter'),
  param3: field('message', 'value', 'a parameter'),
  param4: field('message', 'value', 'a parameter'),
  src: field('message', 'text', 'where from'),
  dest: field('message', 'text', 'where to'),
  job_id: field('message', 'text', 'the job id of its producer'),
  user_id: field('message', 'text', 'the user id of its producer'),
  orig_msg_id: field('message', 'text', 'the id of the first item, in a copy'),
  is: field('message', 'is', 'malformed, empty or special'),
  content: field('content', 'part', 'what its files hold, the first 1 MiB of each'),
  log: field('content', 'part', 'what its handler wrote, the last 1 MiB'),
} as const satisfies Record<string, FieldSpec>
export type FieldName = keyof typeof FIELDS

/** What `is:` asks: a message that cannot be read; a payload or a message of no bytes; no file and no directory. */
export const QUALITIES = ['malformed', 'empty', 'special'] as const
export type Quality = (typeof QUALITIES)[number]

export interface StateChoice {
  readonly states: readonly State[]
  /** Only those of which people say so: what waits for a time is no longer `waiting`. */
  readonly status?: string
}

/** Directory names, and the words that people use for them. */
export const STATE_CHOICES: Readonly<Record<string, StateChoice>> = {
  prep: { states: ['prep'] },
  que: { states: ['que'] },
  run: { states: ['run'] },
  pause: { states: ['pause'] },
  done: { states: ['done'] },
  relayed: { states: ['relayed'] },
  _err: { states: ['_err'] },
  err: { states: ['_err'] },
  building: { states: ['prep'] },
  waiting: { states: ['que'], status: 'waiting' },
  scheduled: { states: ['que'], status: 'scheduled' },
  settling: { states: ['que'], status: 'settling' },
  unavailable: { states: ['que'], status: 'unavailable' },
  running: { states: ['run'] },
  held: { states: ['pause'] },
  failed: { states: ['_err'] },
}

/** `param.user` is the field `param` with the key `user`. */
export interface Field {
  readonly name: FieldName
  readonly key?: string
}

export function readField(word: string): Field | undefined {
  if (word.startsWith('param.') && word.length > 6) return { name: 'param', key: word.slice(6) }
  return word !== 'param' && Object.hasOwn(FIELDS, word) ? { name: word as FieldName } : undefined
}

export function writeField({ name, key }: Field): string {
  return key === undefined ? name : `${name}.${key}`
}
