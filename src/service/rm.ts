/** `rq rm`: to `_trash`, from where `rq undo` brings it back until the cleaner removes it for good. */

import { moveToTrash, removalOf } from '../fsqueue/trash.ts'
import { loadNative } from '../os/native.ts'
import { problem } from './answer.ts'
import { bulkOptions, forEachMeant } from './bulk.ts'
import type { Context } from './context.ts'
import { callName } from './item-ref.ts'
import type { Found } from './lookup.ts'
import { type Attempted, type Done, settleMove } from './relocate.ts'
import { defineVerb } from './verb.ts'

export const rm = defineVerb({
  summary: 'remove items that do not run',
  details:
    'What is removed lies in the _trash directory of its queue until that is cleaned. `rq trash` lists it, `rq undo` brings ' +
    'it back to where it was. All that one command removes is one removal.',
  arguments: {
    id: {
      type: 'item',
      summary: 'items in any state but running',
      states: ['que', 'pause', '_err'],
      many: true,
      optional: true,
    },
  },
  options: bulkOptions,
  examples: [
    { command: 'rq rm mail/report.csv', says: 'a dropped file that has no id yet' },
    { command: 'rq rm mail --where \'content=""\' --dry-run', says: 'how many are empty?' },
    { command: "rq rm --where 'is:malformed'", says: 'what can be no message, in all queues' },
    { command: 'rq rm mail --where \'content="x"\' --first 2', says: 'the first two that are just this' },
  ],
  run: (context, input) => {
    const removal = removalOf(context.newId())
    return forEachMeant(
      context,
      input,
      (item, context) => {
        if (item.at.state !== 'run') return trash(context, item, removal)
        return problem('busy', `${callName(item.at.raw)} is running: \`rq kill\` stops it`)
      },
      { states: ['que', 'pause', '_err'] },
    )
  },
})

async function trash(context: Context, item: Found, removal: string): Promise<Attempted<Done>> {
  const { queue, at } = item
  const native = await loadNative()
  for (let into = removal; ; into = removalOf(context.newId())) {
    const trashed = moveToTrash(queue.dir, at, into, native)
    if (trashed.kind === 'gone') return 'gone'
    if (trashed.kind === 'taken') continue
    const unsynced = await settleMove(context, trashed.madeDirs, queue.dir, at)
    return unsynced ?? { queue: queue.name, id: callName(at.raw), did: 'removed' }
  }
}
