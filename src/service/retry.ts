/** `rq retry`: whatever ended goes back to que/, its history kept and its budget of attempts new. */
import { parseItemName } from '../domain/name.ts'
import { type Answer, problem, refuse } from './answer.ts'
import { bulkOptions, forEachMeant } from './bulk.ts'
import type { Context } from './context.ts'
import { callName } from './item-ref.ts'
import type { Found } from './lookup.ts'
import { type Act, type Attempted, type Done, relocate } from './relocate.ts'
import { paced, parsePace, type RetriedQueue, retryAll } from './retry-all.ts'
import { defineVerb } from './verb.ts'

export const retry = defineVerb({
  summary: 'run items again that failed or finished, or now what was to run later',
  arguments: {
    id: {
      type: 'item',
      summary: 'items that failed, finished, or wait for a time; with --all or --where, queues',
      states: ['_err', 'que'],
      many: true,
      optional: true,
    },
  },
  options: {
    ...bulkOptions,
    all: { type: 'flag', summary: 'all items that failed: of the queues that are named, or of every queue' },
    slow: {
      type: 'text',
      summary: 'with --all or --where: so many at a time, each group so long after the other',
      value: 'N/DURATION',
    },
    'dry-run': { type: 'flag', summary: 'with --all or --where: only say how many', short: 'n' },
  },
  examples: [
    { command: 'rq retry x7f2k9', says: 'one item' },
    { command: 'rq retry --all mail', says: 'all of mail that failed' },
    { command: 'rq retry --all mail --slow 10/15s', says: 'ten of them now, ten in 15 s, and so on' },
    { command: 'rq retry --all --dry-run', says: 'how many there are, in each queue' },
    { command: "rq retry mail --where 'failed exit:1 age<1d'", says: 'all that match' },
    { command: "rq retry --where 'failed tag:eu' --slow 10/1m", says: 'all that match, ten a minute' },
  ],
  run: (context, input): Promise<Answer<readonly (Done | RetriedQueue)[]>> => {
    const { all, slow, where } = input
    const pace = slow === undefined ? undefined : parsePace(slow)
    if (slow !== undefined && !all && where === undefined) return refused('--slow goes with --all or --where')
    if (slow !== undefined && pace === undefined)
      return refused(`--slow "${slow}": expected so many per time, such as 10/15s`)
    if (!all) {
      const dueIn = pace === undefined ? () => undefined : paced(pace, context.now())
      const act: Act<Done> = (item, shared) => retryOne(item, shared, dueIn)
      const states = ['_err'] as const
      return forEachMeant(context, input, act, { states, preferred: states, oldestFirst: pace !== undefined })
    }
    if (where !== undefined || input.first !== undefined || input.last !== undefined)
      return refused('--all and --where are two ways to say which: give one of them')
    return retryAll(context, input.id, pace, input['dry-run'])
  },
})

function refused(text: string): Promise<Answer<readonly never[]>> {
  return Promise.resolve(refuse('usage', text))
}

function retryOne(
  item: Found,
  context: Context,
  dueIn: (queue: string) => number | undefined,
): Promise<Attempted<Done>> | Attempted<Done> {
  const name = callName(item.at.raw)
  switch (item.at.state) {
    case '_err':
    case 'done':
    case 'relayed':
      return relocate(context, item, { state: 'que', due: dueIn(item.queue.name) }, 'waits again')
    case 'que':
      if (parseItemName(item.at.raw).due !== undefined)
        return relocate(context, item, { state: 'que' }, 'need not wait any longer')
      return { queue: item.queue.name, id: name, did: 'waits already' }
    case 'run':
      return problem('busy', `${name} is running`)
    case 'pause':
      return problem('failed', `${name} is held: \`rq release\` lets it run`)
    case 'prep':
      return problem('failed', `${name} is still being built`)
  }
}
