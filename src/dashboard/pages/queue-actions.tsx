/** What can be done with items of a list: with those that are marked, or with all that match. */
import { useState } from 'preact/hooks'
import type { Listed } from '../../service/ls.ts'
import { sayOutcome, sayRefusal } from '../act.ts'
import type { Change } from '../bulk.ts'
import type { Key } from '../keys.ts'
import { may } from '../session.ts'
import { ConfirmBulk } from '../ui/confirm-bulk.tsx'
import { countText } from '../ui/format.ts'
import { changeRows } from './change-rows.ts'
import { nameOf } from './queue-columns.tsx'
import { EditForm, MoveForm } from './queue-forms.tsx'
import { ACTIONS, type Action, type Tab, whereOf } from './queue-tabs.ts'

/** Some rows, or all that match the filter. */
type Scope = readonly Listed[] | 'all'

interface Wish {
  readonly action: Action
  readonly scope: Scope
  /** undefined: they are still to be asked for. */
  readonly options: Change['options'] | undefined
}

interface Place {
  /** undefined: all of them. */
  readonly queue: string | undefined
  readonly tab: Tab
  readonly filter: string
  readonly again: () => void
}

export interface Acting extends Place {
  readonly chosen: readonly Listed[]
  readonly choose: (rows: readonly Listed[]) => void
  readonly wish: Wish | undefined
  readonly begin: (action: Action, scope: Scope) => void
  readonly goOn: (wish: Wish) => void
  readonly end: () => void
}

export function useActions(place: Place): Acting {
  const [chosen, choose] = useState<readonly Listed[]>([])
  const [wish, setWish] = useState<Wish>()
  const goOn = (next: Wish) => {
    if (next.options === undefined || next.scope === 'all') return setWish(next)
    setWish(undefined)
    const rows = next.scope.map((row) => ({ queue: row.queue, name: nameOf(row) }))
    void changeRows({ verb: next.action.verb, options: next.options }, rows, place.tab.query)
      .then(sayOutcome, sayRefusal)
      .then(place.again)
  }
  const begin = (action: Action, scope: Scope) =>
    goOn({ action, scope, options: action.form === undefined ? action.options : undefined })
  return { ...place, chosen, choose, wish, begin, goOn, end: () => setWish(undefined) }
}

export function keysOf(tab: Tab, actions: Acting, row: Listed, chosen: readonly Listed[]): readonly Key[] {
  if (!may('operator')) return []
  const scope = chosen.length > 0 ? chosen : [row]
  return tab.actions.map((id) => {
    const action: Action = ACTIONS[id]
    return {
      keys: action.key,
      says: `${action.does.toLowerCase()} what is marked, or the row`,
      run: () => actions.begin(action, scope),
    }
  })
}

export function Actions({ tab, actions }: { readonly tab: Tab; readonly actions: Acting }) {
  if (!may('operator')) return null
  const count = actions.chosen.length
  return (
    <fieldset class="bar actions" aria-label={count > 0 ? `${count} marked` : 'All that match'}>
      {tab.actions.map((id) => {
        const action: Action = ACTIONS[id]
        return (
          <button
            key={id}
            type="button"
            class={action.isDestructive === true ? 'danger' : ''}
            title={`${action.does} ${count > 0 ? 'what is marked' : 'all that match'} (${action.key})`}
            onClick={() => actions.begin(action, count > 0 ? actions.chosen : 'all')}
          >
            {action.does} {count > 0 ? countText(count) : 'all…'}
          </button>
        )
      })}
      <Asked actions={actions} />
    </fieldset>
  )
}

/** What is still to be answered before it is done. */
function Asked({ actions }: { readonly actions: Acting }) {
  const { wish, queue, tab, filter, again, end, goOn } = actions
  if (wish === undefined) return null
  const { action, options } = wish
  const onOptions = (given: Change['options']) => goOn({ ...wish, options: given })
  if (options === undefined)
    return action.form === 'move' ? (
      <MoveForm queue={queue} onGiven={onOptions} onClose={end} />
    ) : (
      <EditForm onGiven={onOptions} onClose={end} />
    )
  return (
    <ConfirmBulk
      change={{ verb: action.verb, options }}
      which={{ queues: queue === undefined ? [] : [queue], where: whereOf(tab, filter) }}
      does={action.does}
      isDestructive={action.isDestructive === true}
      onDone={(outcome) => {
        sayOutcome(outcome)
        again()
      }}
      onClose={end}
    />
  )
}
