import type { CauseGroup } from '../../service/causes.ts'
import { sayOutcome } from '../act.ts'
import type { Outcome, Which } from '../bulk.ts'
import type { Key } from '../keys.ts'
import { may } from '../session.ts'
import { ConfirmBulk } from '../ui/confirm-bulk.tsx'
import { RetrySlowly } from '../ui/retry-slowly.tsx'

/** What is to be done with all of a cause, once it is confirmed. */
export interface Wish {
  readonly does: 'retry' | 'slowly' | 'rm'
  readonly which: Which
}

interface Action {
  readonly does: Wish['does']
  readonly word: string
  readonly key: string
  readonly says: string
  readonly isDestructive: boolean
}

export const ACTIONS: readonly Action[] = [
  { does: 'retry', word: 'Retry', key: 'r', says: 'retry all of this cause', isDestructive: false },
  { does: 'slowly', word: 'Slowly', key: 's', says: 'retry all of this cause, a few at a time', isDestructive: false },
  { does: 'rm', word: 'Remove', key: '#', says: 'remove all of this cause; it can be undone', isDestructive: true },
]

export function keysOf({ queue, query }: CauseGroup, onWish: (wish: Wish) => void): readonly Key[] {
  if (!may('operator')) return []
  const which = { queues: [queue], where: query }
  return ACTIONS.map(({ does, key, says }) => ({ keys: key, says, run: () => onWish({ does, which }) }))
}

interface AskedProps {
  readonly wish: Wish
  readonly onDone: () => void
  readonly onClose: () => void
}

export function Asked({ wish: { does, which }, onDone, onClose }: AskedProps) {
  const done = (outcome: Outcome) => {
    sayOutcome(outcome)
    onDone()
  }
  switch (does) {
    case 'slowly':
      return <RetrySlowly which={which} onDone={done} onClose={onClose} />
    case 'retry':
      return <ConfirmBulk change={{ verb: 'retry', options: {} }} {...{ which, onClose }} does="Retry" onDone={done} />
    case 'rm':
      return (
        <ConfirmBulk
          change={{ verb: 'rm', options: {} }}
          {...{ which, onClose }}
          does="Remove"
          isDestructive
          onDone={done}
        />
      )
  }
}
