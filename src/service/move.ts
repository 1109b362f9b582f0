/** `rq move`: another priority, time, tags, or queue; one rename. */
import { formatItemName, parseItemName } from '../domain/name.ts'
import { isOneMount } from '../fsqueue/files.ts'
import type { Target } from '../fsqueue/move.ts'
import { stateDir } from '../fsqueue/place.ts'
import { problem, refuse } from './answer.ts'
import { bulkOptions, forEachMeant } from './bulk.ts'
import type { Context } from './context.ts'
import { callName } from './item-ref.ts'
import type { Found } from './lookup.ts'
import { type Attempted, type Done, relocate } from './relocate.ts'
import { isDown, openQueue, type Queue } from './spool.ts'
import { defineVerb, type Input } from './verb.ts'

const options = {
  ...bulkOptions,
  to: { type: 'queue', summary: 'another queue on the same file system', value: 'QUEUE' },
  priority: { type: 'priority', summary: '0 runs first, 9 last, 5 is usual', value: 'N', short: 'p' },
  at: { type: 'time', summary: 'not before this time', value: 'TIME' },
  in: { type: 'duration', summary: 'not before so long from now', value: 'DURATION' },
  now: { type: 'flag', summary: 'take back --at or --in' },
  tag: { type: 'tag', summary: 'add a tag', many: true, value: 'TAG' },
  untag: { type: 'tag', summary: 'remove a tag', many: true, value: 'TAG' },
} as const

export const move = defineVerb({
  summary: 'change the priority, the time, the tags or the queue of waiting items',
  details: 'With --to, items that are held stay held, and items that failed wait in the other queue.',
  arguments: {
    id: {
      type: 'item',
      summary: 'items that wait or are held; with --to also that failed',
      states: ['que', 'pause', '_err'],
      many: true,
      optional: true,
    },
  },
  options,
  examples: [
    { command: 'rq move x7f2k9 --priority 0', says: 'next, please' },
    { command: 'rq move x7f2k9 --in 2h', says: 'not before two hours have passed' },
    { command: 'rq move x7f2k9 --to mail-slow', says: 'another queue' },
    { command: "rq move mail --where 'tag:slow' --to mail-slow", says: 'all that match' },
  ],
  run: async (context, input) => {
    if ([input.at !== undefined, input.in !== undefined, input.now].filter(Boolean).length > 1) {
      return refuse('usage', 'only one of --at, --in and --now')
    }
    const to = input.to === undefined ? undefined : await openQueue(context.root, input.to)
    if (to !== undefined && 'kind' in to) return { value: undefined, problems: [to] }
    if (to !== undefined && isDown(to.dir)) return refuse('busy', `queue ${to.name} is down and takes nothing`)
    return forEachMeant(
      context,
      input,
      (item, context) => {
        const target = targetOf(item, input, to, context.now())
        return 'kind' in target ? target : carryOut(context, item, target, to)
      },
      { states: ['que', 'pause'], preferred: ['que', 'pause'] },
    )

    function carryOut(
      context: Context,
      item: Found,
      target: Target,
      other: Queue | undefined,
    ): Promise<Attempted<Done>> | Done {
      const { base } = parseItemName(item.at.raw)
      const sameQueue = other === undefined || other.name === item.queue.name
      if (sameQueue && target.state === item.at.state && formatItemName({ base, ...target }) === item.at.raw) {
        return { queue: item.queue.name, id: callName(item.at.raw), did: 'is so already' }
      }
      if (other !== undefined && !isOneMount(stateDir(item.queue.dir, item.at.state), stateDir(other.dir, 'que'))) {
        const where = 'on another file system, or behind another mount of this one'
        return Promise.resolve(problem('failed', `queue ${other.name} is ${where}: inject the item there`))
      }
      return relocate(context, item, target, sameQueue ? 'moved' : `moved to ${other.name}`, other)
    }
  },
})

type Moves = Omit<Input<Record<never, never>, typeof options>, keyof typeof bulkOptions>

function targetOf(item: Found, input: Moves, to: Queue | undefined, now: number): Target | ReturnType<typeof problem> {
  const { state } = item.at
  const name = callName(item.at.raw)
  if (state === 'run') return problem('busy', `${name} is running`)
  if (state !== 'que' && state !== 'pause' && !(state === '_err' && to !== undefined)) {
    return problem(
      'failed',
      `${name} lies in ${state}: only what waits or is held is moved${state === '_err' ? '; with --to, also what failed' : ''}`,
    )
  }
  const old = parseItemName(item.at.raw)
  const tags = [
    ...old.tags.filter((tag) => !input.untag.includes(tag)),
    ...input.tag.filter((tag) => !old.tags.includes(tag)),
  ]
  const at = input.in === undefined ? input.at : now + input.in
  return {
    state: state === 'pause' ? 'pause' : 'que',
    priority: input.priority ?? old.priority,
    due: input.now ? undefined : at === undefined ? old.due : Math.ceil(at / 1000),
    tags,
  }
}
