/** `rq release`: pause → que. */
import { parseItemName } from '../domain/name.ts'
import { problem } from './answer.ts'
import { bulkOptions, forEachMeant } from './bulk.ts'
import { callName } from './item-ref.ts'
import { relocate } from './relocate.ts'
import { defineVerb } from './verb.ts'

export const release = defineVerb({
  summary: 'let held items run',
  arguments: { id: { type: 'item', summary: 'items that are held', states: ['pause'], many: true, optional: true } },
  options: bulkOptions,
  examples: [{ command: 'rq release mail --where held', says: 'all of a queue' }],
  run: (context, input) =>
    forEachMeant(
      context,
      input,
      (item, context) => {
        const name = callName(item.at.raw)
        switch (item.at.state) {
          case 'pause':
            return relocate(context, item, { state: 'que', due: parseItemName(item.at.raw).due }, 'released')
          case 'que':
          case 'run':
            return { queue: item.queue.name, id: name, did: 'was not held' }
          case '_err':
          case 'done':
          case 'relayed':
            return problem('failed', `${name} is not held, it lies in ${item.at.state}: \`rq retry\` runs it again`)
          case 'prep':
            return problem('failed', `${name} is still being built`)
        }
      },
      { states: ['pause'], preferred: ['pause'] },
    ),
})
