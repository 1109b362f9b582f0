import type { CauseGroup } from '../../service/causes.ts'
import { itemHref, queueHref } from '../links.ts'
import { may } from '../session.ts'
import { quoted } from '../ui/complete.ts'
import type { Column } from '../ui/data-table.tsx'
import { countText } from '../ui/format.ts'
import { Time } from '../ui/values.tsx'
import { ACTIONS, type Wish } from './failed-actions.tsx'

export function causeKey({ queue, reason }: CauseGroup): string {
  return `${queue}: ${reason}`
}

/** The items of a cause, in the list of its queue. */
export function causeHref({ queue, reason }: CauseGroup, since: string | undefined): string {
  const filter = `reason=${quoted(reason)}${since === undefined ? '' : ` age<${since}`}`
  return queueHref(queue, { tab: 'failed', filter })
}

export function causeColumns(since: string | undefined, onWish: (wish: Wish) => void): readonly Column<CauseGroup>[] {
  return [
    { id: 'count', title: 'Items', isNumber: true, cell: ({ count }) => <b>{countText(count)}</b> },
    { id: 'why', title: 'Why', isHead: true, cell: (group) => <Why group={group} since={since} /> },
    { id: 'queue', title: 'Queue', cell: ({ queue }) => <a href={queueHref(queue)}>{queue}</a> },
    { id: 'newest', title: 'Last', isNumber: true, cell: ({ newest }) => <Time at={newest} /> },
    { id: 'oldest', title: 'First', isNumber: true, cell: ({ oldest }) => <Time at={oldest} /> },
    { id: 'act', title: 'Actions', isNumber: true, cell: (group) => <Act group={group} onWish={onWish} /> },
  ]
}

function Why({ group, since }: { readonly group: CauseGroup; readonly since: string | undefined }) {
  const { queue, reason, examples } = group
  return (
    <div class="stack">
      <a class="reason" href={causeHref(group, since)} title="All items of this cause">
        {reason}
      </a>
      <div class="examples">
        {examples.map((id) => (
          <a key={id} class="mono" href={itemHref(queue, id)}>
            {shortId(id)}
          </a>
        ))}
      </div>
    </div>
  )
}

/** The part that tells one from another. */
function shortId(id: string): string {
  return /^\d{8}T\d{6}\.\d{6}-(.+)$/.exec(id)?.[1] ?? id
}

function Act({ group, onWish }: { readonly group: CauseGroup; readonly onWish: (wish: Wish) => void }) {
  if (!may('operator')) return null
  const which = { queues: [group.queue], where: group.query }
  return (
    <div class="acts">
      {ACTIONS.map(({ does, word, says, isDestructive }) => (
        <button
          key={does}
          type="button"
          class={isDestructive ? 'small danger' : 'small'}
          title={says}
          aria-label={`${word}: ${causeKey(group)}`}
          onClick={() => onWish({ does, which })}
        >
          {word}
        </button>
      ))}
    </div>
  )
}
