/** What can be done with what was found: with what is marked, or with all that match in all queues. */
import { useState } from 'preact/hooks'
import type { Listed } from '../../service/ls.ts'
import { sayOutcome } from '../act.ts'
import type { BulkVerb, Outcome, Which } from '../bulk.ts'
import type { Key } from '../keys.ts'
import { may } from '../session.ts'
import { exact } from '../ui/complete.ts'
import { ConfirmBulk } from '../ui/confirm-bulk.tsx'
import { countText } from '../ui/format.ts'
import { RetrySlowly } from '../ui/retry-slowly.tsx'
import { nameOf } from './queue-columns.tsx'

interface Action {
  readonly does: string
  readonly key: string
  readonly verb: BulkVerb
  readonly isSlow?: true
  readonly isDestructive?: true
}

const ACTIONS: readonly Action[] = [
  { does: 'Retry', key: 'r', verb: 'retry' },
  { does: 'Retry slowly', key: 's', verb: 'retry', isSlow: true },
  { does: 'Hold', key: 'h', verb: 'hold' },
  { does: 'Release', key: 'l', verb: 'release' },
  { does: 'Remove', key: '#', verb: 'rm', isDestructive: true },
]

interface Wish {
  readonly action: Action
  readonly which: Which
}

export interface Acting {
  readonly chosen: readonly Listed[]
  readonly choose: (rows: readonly Listed[]) => void
  readonly keysOf: (row: Listed) => readonly Key[]
  readonly wish: Wish | undefined
  readonly setWish: (wish: Wish | undefined) => void
}

export function useSearchActions(): Acting {
  const [chosen, choose] = useState<readonly Listed[]>([])
  const [wish, setWish] = useState<Wish>()
  const keysOf = (row: Listed) => {
    if (!may('operator')) return []
    const which = whichOf(chosen.length > 0 ? chosen : [row])
    return ACTIONS.map((action) => ({
      keys: action.key,
      says: `${action.does.toLowerCase()} what is marked, or the row`,
      run: () => setWish({ action, which }),
    }))
  }
  return { chosen, choose, keysOf, wish, setWish }
}

/** They are changed only where they still are in that state. */
function whichOf(rows: readonly Listed[]): Which {
  const words = rows.map((row) => `${row.status} queue=${exact(row.queue)} name=${exact(nameOf(row))}`)
  const queues = [...new Set(rows.map(({ queue }) => queue))]
  return { queues, where: words.length === 1 ? words.join('') : words.map((one) => `(${one})`).join(' | ') }
}

interface BarProps {
  readonly actions: Acting
  readonly where: string
  readonly onDone: () => void
}

export function SearchActions({ actions, where, onDone }: BarProps) {
  if (!may('operator')) return null
  const { chosen, setWish } = actions
  const count = chosen.length
  const which = () => (count > 0 ? whichOf(chosen) : { queues: [], where })
  return (
    <fieldset class="bar found" aria-label={count > 0 ? `${count} marked` : 'All that match'}>
      {ACTIONS.map((action) => (
        <button
          key={action.does}
          type="button"
          class={action.isDestructive === true ? 'danger' : ''}
          title={`${action.does} ${count > 0 ? 'what is marked' : 'all that match'} (${action.key})`}
          onClick={() => setWish({ action, which: which() })}
        >
          {action.does} {count > 0 ? countText(count) : 'all…'}
        </button>
      ))}
      <Asked actions={actions} onDone={onDone} />
    </fieldset>
  )
}

function Asked({ actions: { wish, setWish }, onDone }: Pick<BarProps, 'actions' | 'onDone'>) {
  if (wish === undefined) return null
  const { action, which } = wish
  const onClose = () => setWish(undefined)
  const done = (outcome: Outcome) => {
    sayOutcome(outcome)
    onDone()
  }
  if (action.isSlow === true) return <RetrySlowly which={which} onDone={done} onClose={onClose} />
  return (
    <ConfirmBulk
      change={{ verb: action.verb, options: {} }}
      which={which}
      does={action.does}
      isDestructive={action.isDestructive === true}
      onDone={done}
      onClose={onClose}
    />
  )
}
