/** What is to be said of an item beside its name: what is wrong with its message, or what its last attempt said. */
import { formOf, messageOf } from '../fsqueue/content.ts'
import { unlessDenied } from '../fsqueue/errors.ts'
import { look, place } from '../fsqueue/place.ts'
import type { Candidate } from './facts.ts'

export function noteOf({ queue, at }: Candidate): string | undefined {
  // What runs tells of itself; of the others one message is read for each row that is shown.
  if (at.state === 'run' || at.state === 'prep') return undefined
  const path = place(queue.dir, at.state, at.raw, at.bucket)
  return unlessDenied(() => {
    const form = formOf(path, at.raw)
    if (form === undefined || form === 'file')
      return form === 'file' && look(path)?.size === 0 ? 'empty file' : undefined
    if (form === 'special') return 'no file and no directory'
    if (form === 'message' && look(path)?.size === 0) return 'empty message'
    const reading = messageOf(path, form)
    switch (reading.kind) {
      case 'msg':
        // What waits again says why it did not succeed; what is done has its result.
        return at.state === '_err' || at.state === 'que' ? reading.msg.attempts?.at(-1)?.text : undefined
      case 'bad':
        return reading.torn ? 'msg is not JSON: truncated, or still being written' : reading.problem
      case 'absent':
        return form === 'directory' ? 'no message' : undefined
    }
  }, 'may not be read')
}
