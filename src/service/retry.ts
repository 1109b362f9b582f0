/** `rq retry`: whatever ended goes back to que/, its history kept and its budget of attempts new. */
import { parseItemName } from '../domain/name.ts'
import { problem } from './answer.ts'
import { bulkOptions, forEachMeant } from './bulk.ts'
import { callName } from './item-ref.ts'
import { relocate } from './relocate.ts'
import { defineVerb } from './verb.ts'

export const retry = defineVerb({
  summary: 'run items again that failed or finished, or now what was to run later',
  arguments: {
    id: {
      type: 'item',
      summary: 'items that failed, finished, or wait for a time',
      states: ['_err', 'que'],
      many: true,
      optional: true,
    },
  },
  options: bulkOptions,
  examples: [
    { command: 'rq retry x7f2k9', says: 'one item' },
    { command: "rq retry mail --where 'failed exit:1 age<1d'", says: 'all that match' },
  ],
  run: (context, input) =>
    forEachMeant(
      context,
      input,
      (item, context) => {
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
      },
      { states: ['_err'], preferred: ['_err'] },
    ),
})
