/** Many queues, by what their names have in common: `mail-eu` and `mail-us` are `mail`. */
import { queues } from '../live.ts'
import { query, setQuery, withQuery } from '../router.ts'
import { countText } from '../ui/format.ts'
import type { Grouping } from '../ui/table-group.tsx'
import { groupBy } from './group-by.ts'
import { COLUMNS } from './overview-columns.tsx'
import { type OverviewRow, totalOf } from './overview-rows.ts'

/** Fewer than so many are seen at a glance. */
const MANY = 50
const KEY = 'rqd-group-overview'

function prefixOf(name: string): string {
  return name.split(/[-._]/, 1)[0] ?? name
}

export interface Groups {
  /** There are names that have something in common. */
  readonly canGroup: boolean
  readonly isGrouped: boolean
  /** Names of those that are shown with their queues; undefined: all. */
  readonly open: ReadonlySet<string> | undefined
}

/** Said by the link, else as this browser was told last, else where there are many that share few beginnings. */
export function groupsOfLink(): Groups {
  const names = [...queues.value.keys()]
  const groups = new Set(names.map(prefixOf))
  const canGroup = groups.size > 1 && groups.size < names.length
  const said = query.value.get('group') ?? localStorage.getItem(KEY)
  const isBest = names.length >= MANY && groups.size * 3 <= names.length
  const open = query.value.get('open') ?? ''
  return {
    canGroup,
    isGrouped: canGroup && (said === null ? isBest : said === 'prefix'),
    // What is looked for is shown.
    open: open === '*' || (query.value.get('q') ?? '') !== '' ? undefined : new Set(open.split(',')),
  }
}

/** Queues of one group behind each other. A group stands where its first queue would, or by its sum where that is what is sorted by. */
export function inGroups(rows: readonly OverviewRow[], sort: string | undefined, isReversed: boolean) {
  const groups = [...groupBy(rows, ({ queue }) => prefixOf(queue.name)).values()]
  const column = sort === undefined ? undefined : COLUMNS.find((one) => one.sort === sort)
  if (column?.sum === undefined || column.order === undefined) return groups.flat()
  const keys = new Map(groups.map((group) => [group, Number(column.order?.(totalOf(group)))]))
  const sign = isReversed ? -1 : 1
  return groups.toSorted((a, b) => sign * ((keys.get(a) ?? 0) - (keys.get(b) ?? 0))).flat()
}

/** A queue that shares its beginning with none stands by itself. */
export function groupingOf(rows: readonly OverviewRow[], { open }: Groups): Grouping<OverviewRow> {
  const sizes = groupBy(rows, ({ queue }) => prefixOf(queue.name))
  const of = ({ queue }: OverviewRow) => {
    const prefix = prefixOf(queue.name)
    return (sizes.get(prefix)?.length ?? 0) > 1 ? prefix : ''
  }
  const onFold = (title: string, isFolded: boolean) => {
    const before = open === undefined ? [...sizes.keys()] : [...open]
    const next = isFolded ? before.filter((one) => one !== title) : [...before, title]
    setQuery({ open: next.filter(Boolean).join(',') })
  }
  const sum = (of: readonly OverviewRow[], id: string) => COLUMNS.find((column) => column.id === id)?.sum?.(totalOf(of))
  return {
    of,
    folding: { isFolded: (title) => open?.has(title) === false, onFold, says: (group) => <Says rows={group} />, sum },
  }
}

/** How many, and what is worst about them: folded groups hide no trouble. */
function Says({ rows }: { readonly rows: readonly OverviewRow[] }) {
  const troubled = rows.filter(({ troubles }) => troubles.length > 0)
  const worst = troubled.find(({ troubles }) => troubles[0]?.kind === 'bad') ?? troubled[0]
  const trouble = worst?.troubles[0]
  return (
    <>
      <span class="hint">{countText(rows.length)} queues</span>
      {worst !== undefined && trouble !== undefined && (
        <span class={`trouble ${trouble.kind}-text`}>
          {worst.queue.name}: {trouble.text}
          {troubled.length > 1 && ` (+${troubled.length - 1})`}
        </span>
      )}
    </>
  )
}

export function GroupChoice({ groups: { canGroup, isGrouped, open } }: { readonly groups: Groups }) {
  if (!canGroup) return null
  const choose = (word: string) => () => localStorage.setItem(KEY, word)
  const isOpen = open === undefined
  return (
    <>
      <nav class="choices" aria-label="Rows">
        <a
          href={withQuery({ group: 'none', open: undefined })}
          aria-current={isGrouped ? undefined : 'true'}
          onClick={choose('none')}
        >
          Queues
        </a>
        <a
          href={withQuery({ group: 'prefix' })}
          aria-current={isGrouped ? 'true' : undefined}
          title="By the beginnings of their names"
          onClick={choose('prefix')}
        >
          Groups
        </a>
      </nav>
      {isGrouped && (
        <a class="button" href={withQuery({ open: isOpen ? undefined : '*' })}>
          {isOpen ? 'Fold all' : 'Open all'}
        </a>
      )}
    </>
  )
}
