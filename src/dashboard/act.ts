/** Doing something, and saying how it went. */
import { type Answered, wordsOf } from './api.ts'
import { bringBack, type Outcome } from './bulk.ts'
import { countText } from './ui/format.ts'
import { toast } from './ui/toasts.tsx'

/** True when all of it was done. */
export async function act(says: string, run: () => Promise<Answered<unknown>>): Promise<boolean> {
  try {
    const { problems } = await run()
    const [first] = problems
    toast(first === undefined ? says : problems.map(({ text }) => text).join('; '), { bad: first !== undefined })
    return first === undefined
  } catch (error) {
    toast(wordsOf(error), { bad: true })
    return false
  }
}

/** What became of many items; what was removed can be brought back for as long as it is said. */
export function sayOutcome(outcome: Outcome): void {
  const did = [...outcome.did].map(([words, count]) => `${countText(count)} ${words}`)
  const isGood = outcome.said.length === 0
  const removed = outcome.items.filter((item) => item.did === 'removed')
  const isAll = removed.length === outcome.did.get('removed')
  const undo = () => void bringBack(isAll ? removed : []).then(sayOutcome, sayRefusal)
  toast([...did, ...outcome.said].join('; ') || 'nothing was done', {
    bad: !isGood,
    ...(removed.length > 0 ? { undo } : {}),
  })
}

export function sayRefusal(error: unknown): void {
  toast(wordsOf(error), { bad: true })
}
