/** `rq rm`: to `_tmp`, from where the cleaner, or a person, removes it for good. */
import { problem } from './answer.ts'
import { callName } from './item-ref.ts'
import { forEachItem, trash } from './relocate.ts'
import { defineVerb } from './verb.ts'

export const rm = defineVerb({
  summary: 'remove items that do not run',
  details: 'What is removed lies in the _tmp directory of its queue until that is cleaned; mv brings it back.',
  arguments: {
    id: { type: 'item', summary: 'items in any state but running', states: ['que', 'pause', '_err'], many: true },
  },
  options: {},
  examples: [{ command: 'rq rm mail/report.csv', says: 'a dropped file that has no id yet' }],
  run: (context, input) =>
    forEachItem(context, input.id, (item) => {
      if (item.at.state !== 'run') return trash(context, item)
      return problem('busy', `${callName(item.at.raw)} is running: \`rq kill\` stops it`)
    }),
})
