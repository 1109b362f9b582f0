/** `rq hold`: que → pause. */
import { parseItemName } from '../domain/name.ts'
import { problem } from './answer.ts'
import { bulkOptions, forEachMeant } from './bulk.ts'
import { callName } from './item-ref.ts'
import { relocate } from './relocate.ts'
import { defineVerb } from './verb.ts'

export const hold = defineVerb({
  summary: 'keep waiting items from being run',
  arguments: { id: { type: 'item', summary: 'items that wait', states: ['que'], many: true, optional: true } },
  options: bulkOptions,
  examples: [
    { command: 'rq hold x7f2k9', says: 'the six random characters of an id are enough' },
    { command: "rq hold mail --where 'tag:eu due<1h'", says: 'all that match' },
  ],
  run: (context, input) =>
    forEachMeant(
      context,
      input,
      (item, context) => {
        const name = callName(item.at.raw)
        switch (item.at.state) {
          case 'que':
            return relocate(context, item, { state: 'pause', due: parseItemName(item.at.raw).due }, 'held')
          case 'pause':
            return { queue: item.queue.name, id: name, did: 'was held already' }
          case 'run':
            return problem('busy', `${name} is running: \`rq kill\` stops it`)
          case 'prep':
          case 'done':
          case 'relayed':
          case '_err':
            return problem('failed', `${name} does not wait, it lies in ${item.at.state}`)
        }
      },
      { states: ['que'], preferred: ['que'] },
    ),
})
