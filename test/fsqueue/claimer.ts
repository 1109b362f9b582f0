/** A process that claims whatever lies in a queue's que/ and prints the ids that it won. */
import { makeId } from '../../src/domain/name.ts'
import { claim } from '../../src/fsqueue/claim.ts'
import { look, names, place, queueDir, stateDir } from '../../src/fsqueue/place.ts'

const queue = queueDir(process.argv[2] ?? '')
for (const name of names(stateDir(queue, 'que')).toSorted()) {
  const stat = look(place(queue, 'que', name))
  if (stat === undefined) continue
  const claimed = claim(queue, name, stat, (from) => makeId(0, 0, 'abcdef', from))
  if (claimed.kind === 'won') process.stdout.write(`${claimed.item.id}\n`)
}
