/** Why an item ended as it did, from what its message says: the query field `reason`. */
import { NEVER_RAN, reasonOf, reasonOfBad } from '../domain/reason.ts'
import type { ItemForm } from '../fsqueue/content.ts'
import { type MsgReading, NOT_READABLE } from '../fsqueue/message.ts'

/** undefined: it may not be read, so nobody knows. What has no message is told by that. */
export function reasonsIn(form: ItemForm, reading: MsgReading): readonly [string] | undefined {
  switch (reading.kind) {
    case 'msg':
      return [reasonOf(reading.msg.attempts?.at(-1))]
    case 'absent':
      if (form === 'file') return [NEVER_RAN]
      return [reasonOfBad(form === 'special' ? 'no file and no directory' : 'msg is missing')]
    case 'bad':
      return reading.problem.endsWith(NOT_READABLE) ? undefined : [reasonOfBad(reading.problem)]
  }
}
