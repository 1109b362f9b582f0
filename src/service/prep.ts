/** `rq prep`: the first of three steps (attach, commit) to an item whose files come one by one. */
import type { Msg, State } from '../domain/item.ts'
import { formatMsg, MAX_MSG_BYTES, parseMsg } from '../domain/msg.ts'
import { formatItemName, type ItemId } from '../domain/name.ts'
import { type Accepting, acceptingQueue } from './accepting.ts'
import { type Answer, ok, type Problem, problem, refuse } from './answer.ts'
import type { Context } from './context.ts'
import { dueOf, messageComplaint, msgOf, paramOptions, placeOptions, srcOption } from './message-options.ts'
import { inTurns } from './turns.ts'
import { defineVerb } from './verb.ts'

/** What is said of an item before its files come. */
export interface DraftWish {
  /** Makes it repeatable: one that exists is not made twice. */
  readonly id?: ItemId | undefined
  readonly priority?: number | undefined
  /** Not before, unix seconds. */
  readonly due?: number | undefined
  readonly tags?: readonly string[] | undefined
  readonly msg?: Msg | undefined
}

export interface Drafted {
  readonly queue: string
  readonly id: ItemId
  /** It was there before, by its id: as a draft, or published by now. */
  readonly existed: boolean
}

export const prep = defineVerb({
  summary: 'begin an item whose files come one by one',
  details:
    'Prints its id. `rq attach` adds files, `rq commit` publishes it; until then no worker sees it, `rq ls building` lists it, ' +
    '`rq rm` removes it, and the cleaner does when nobody has touched it for `keep.prep` (36h). Each step may be repeated if ' +
    'its answer was lost: this one with --id.',
  arguments: { queue: { type: 'queue', summary: 'the queue' } },
  options: {
    ...paramOptions,
    ...placeOptions,
    ...srcOption,
    id: { type: 'id', summary: 'its id; one that exists is not made twice', value: 'ID' },
  },
  examples: [
    { command: 'ID=$(rq prep mail --param1 x) && rq attach "$ID" a.pdf && rq commit "$ID"', says: 'in three steps' },
  ],
  run: (context, input): Promise<Answer<Drafted>> => {
    if (input.at !== undefined && input.in !== undefined)
      return Promise.resolve(refuse('usage', 'only one of --at and --in'))
    const complaint = messageComplaint(input.message)
    if (complaint !== undefined) return Promise.resolve(refuse('usage', complaint))
    return draft(context, input.queue, {
      id: input.id,
      priority: input.priority,
      due: dueOf(context, input),
      tags: input.tag,
      msg: msgOf(input),
    })
  },
})

const ANYWHERE = ['prep', 'que', 'pause', 'run', '_err', 'done', 'relayed'] as const satisfies readonly State[]

/** Makes a draft; when it answers, the draft is on the disk. */
export async function draft(context: Context, queueName: string, wish: DraftWish): Promise<Answer<Drafted>> {
  // Before anything is made: what is refused leaves nothing behind.
  const wrong = wish.msg === undefined ? undefined : messageProblem(wish.msg)
  if (wrong !== undefined) return refuse('usage', wrong)
  const into = await acceptingQueue(context, queueName)
  if ('kind' in into) return { value: undefined, problems: [into] }
  const id = wish.id
  if (id === undefined) return make(into, context.newId(), wish)
  const { withLock } = await import('./with-lock.ts')
  const { finding } = await import('../fsqueue/find.ts')
  const { place } = await import('../fsqueue/place.ts')
  const dir = into.queue.dir
  const answer = await withLock(place(dir, 'prep', `.inject-${id}`), 100, async () => {
    const isThere = (await inTurns(finding(dir, id, ANYWHERE))) !== undefined
    return isThere ? ok({ queue: into.queue.name, id, existed: true }) : make(into, id, wish)
  })
  return answer === 'busy' ? refuse('busy', `${id} is being made by somebody else`) : answer
}

export function messageProblem(msg: Msg): string | undefined {
  const text = formatMsg(msg)
  if (Buffer.byteLength(text) > MAX_MSG_BYTES) return `msg is larger than ${MAX_MSG_BYTES} bytes`
  const parsed = parseMsg(text)
  return parsed.ok ? undefined : parsed.problem
}

async function make({ queue, config, durable }: Accepting, id: ItemId, wish: DraftWish): Promise<Answer<Drafted>> {
  const { buildItem } = await import('../fsqueue/draft.ts')
  const { priority, due, tags } = wish
  const name = formatItemName({ base: id, priority, due, tags: [...new Set(tags)] })
  const item = { id, name, msg: wish.msg ?? {}, files: [], to: 'prep' } as const
  const built = await buildItem(queue.dir, item, { durable, shared: config.shared })
  // Without an id of the caller's a taken name would be a wonder.
  if (built.kind !== 'made') return refuse('failed', `${id} exists already`)
  const unknown = durable ? await unknownUnlessSynced(queue, id, ['prep']) : undefined
  return unknown === undefined
    ? ok({ queue: queue.name, id, existed: false })
    : { value: undefined, problems: [unknown] }
}

/** After a rename: the directories that it concerns, where it went before where it came from. */
export async function unknownUnlessSynced(
  { dir }: Accepting['queue'],
  id: string,
  states: readonly State[],
): Promise<Problem | undefined> {
  const { syncInOrder } = await import('../fsqueue/sync.ts')
  const { stateDir } = await import('../fsqueue/place.ts')
  const { QueueIoError } = await import('../fsqueue/errors.ts')
  try {
    await syncInOrder(states.map((state) => stateDir(dir, state)))
    return undefined
  } catch (error) {
    if (!(error instanceof QueueIoError)) throw error
    return problem('unknown-outcome', `${id} lies in ${states[0]}, but may not be on the disk: ${error.message}`)
  }
}
