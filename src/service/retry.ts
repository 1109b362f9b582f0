/** `rq retry`: whatever ended goes back to que/, its history kept and its budget of attempts new. */
import { parseItemName } from '../domain/name.ts'
import { type Answer, problem, refuse } from './answer.ts'
import type { Context } from './context.ts'
import { callName } from './item-ref.ts'
import type { Found } from './lookup.ts'
import { type Attempted, type Done, forEachItem, relocate } from './relocate.ts'
import { parsePace, type RetriedQueue, retryAll } from './retry-all.ts'
import { defineVerb } from './verb.ts'

export const retry = defineVerb({
  summary: 'run items again that failed or finished, or now what was to run later',
  arguments: {
    id: {
      type: 'item',
      summary: 'items that failed, finished, or wait for a time; with --all, queues',
      states: ['_err', 'que'],
      many: true,
      optional: true,
    },
  },
  options: {
    all: { type: 'flag', summary: 'all items that failed: of the queues that are named, or of every queue' },
    slow: {
      type: 'text',
      summary: 'with --all: so many at a time, each group so long after the other',
      value: 'N/DURATION',
    },
    'dry-run': { type: 'flag', summary: 'with --all: only say how many there are' },
  },
  examples: [
    { command: 'rq retry x7f2k9', says: 'one item' },
    { command: 'rq retry --all mail', says: 'all of mail that failed' },
    { command: 'rq retry --all mail --slow 10/15s', says: 'ten of them now, ten in 15 s, and so on' },
    { command: 'rq retry --all --dry-run', says: 'how many there are, in each queue' },
  ],
  run: (context, input): Promise<Answer<readonly (Done | RetriedQueue)[]>> => {
    const { all, slow } = input
    if (!all && (slow !== undefined || input['dry-run'])) return refused('--slow and --dry-run go with --all')
    if (!all && input.id.length === 0) return refused('name one or more items, or --all')
    if (!all) return forEachItem(context, input.id, (item) => retryOne(context, item), ['_err'])
    const pace = slow === undefined ? undefined : parsePace(slow)
    if (slow !== undefined && pace === undefined)
      return refused(`--slow "${slow}": expected so many per time, such as 10/15s`)
    return retryAll(context, input.id, pace, input['dry-run'])
  },
})

function refused(text: string): Promise<Answer<readonly never[]>> {
  return Promise.resolve(refuse('usage', text))
}

function retryOne(context: Context, item: Found): Promise<Attempted<Done>> | Attempted<Done> {
  const name = callName(item.at.raw)
  switch (item.at.state) {
    case '_err':
    case 'done':
    case 'relayed':
      return relocate(context, item, { state: 'que' }, 'waits again')
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
