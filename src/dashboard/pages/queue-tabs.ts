/** The lists of a queue: what each asks for (docs/QUERY.md), and what can be done there. */
import type { BulkVerb } from '../bulk.ts'

export interface Action {
  readonly does: string
  readonly key: string
  readonly verb: BulkVerb
  readonly options: Readonly<Record<string, unknown>>
  /** Asks for more first. */
  readonly form?: 'move' | 'edit'
  readonly isDestructive?: boolean
}

export const ACTIONS = {
  retry: { does: 'Retry', key: 'r', verb: 'retry', options: {} },
  again: { does: 'Run again', key: 'r', verb: 'retry', options: {} },
  now: { does: 'Run now', key: 'r', verb: 'retry', options: {} },
  next: { does: 'Run next', key: 'r', verb: 'move', options: { priority: 0 } },
  hold: { does: 'Hold', key: 'h', verb: 'hold', options: {} },
  release: { does: 'Release', key: 'h', verb: 'release', options: {} },
  move: { does: 'Move', key: 'm', verb: 'move', options: {}, form: 'move' },
  edit: { does: 'Edit', key: 'e', verb: 'edit', options: {}, form: 'edit' },
  rm: { does: 'Remove', key: '#', verb: 'rm', options: {}, isDestructive: true },
  kill: { does: 'Kill', key: '#', verb: 'kill', options: {}, isDestructive: true },
} as const satisfies Record<string, Action>

export interface Tab {
  readonly id: string
  readonly title: string
  readonly query: string
  /** Counted by the server all the time; else asked for. */
  readonly counts: 'run' | 'pause' | '_err' | 'done' | 'relayed' | 'que' | undefined
  readonly actions: readonly (keyof typeof ACTIONS)[]
  readonly columns: readonly string[]
  /** Why there may be nothing, and what would change that. */
  readonly empty: string
}

const PENDING = ['hold', 'move', 'edit', 'rm'] as const

export const TABS: readonly Tab[] = [
  {
    ...{ id: 'pending', title: 'Pending', query: 'que', counts: 'que', actions: ['next', ...PENDING] },
    columns: ['id', 'due', 'priority', 'tags', 'age', 'text'],
    empty: 'Nothing is to be started, now or later. Drop a file anywhere on this page, or put one into que/.',
  },
  {
    ...{ id: 'waiting', title: 'Waiting', query: 'waiting', counts: undefined, actions: ['next', ...PENDING] },
    columns: ['id', 'priority', 'tags', 'age', 'text'],
    empty: 'Nothing waits. Drop a file anywhere on this page, or put one into que/.',
  },
  {
    ...{ id: 'scheduled', title: 'Scheduled', query: 'scheduled', counts: undefined, actions: ['now', ...PENDING] },
    columns: ['id', 'due', 'priority', 'tags', 'age', 'text'],
    empty: 'Nothing waits for its time. An item with --at, --in or a retry to come stands here.',
  },
  {
    ...{ id: 'retrying', title: 'Retrying', query: 'que attempts>0', counts: undefined, actions: ['now', ...PENDING] },
    columns: ['id', 'due', 'attempts', 'exit', 'text'],
    empty: 'Nothing is tried again.',
  },
  {
    ...{ id: 'running', title: 'Running', query: 'running', counts: 'run', actions: ['kill'] },
    columns: ['id', 'progress', 'runs', 'attempt', 'tags', 'text'],
    empty: 'Nothing runs.',
  },
  {
    ...{ id: 'settling', title: 'Settling', query: '(settling | unavailable)', counts: undefined, actions: ['rm'] },
    columns: ['id', 'why', 'age', 'size'],
    empty: 'Nothing is being written: what was dropped is complete.',
  },
  {
    ...{ id: 'held', title: 'Held', query: 'held', counts: 'pause', actions: ['release', 'move', 'edit', 'rm'] },
    columns: ['id', 'priority', 'tags', 'age', 'text'],
    empty: 'Nothing is held. What is held waits until somebody releases it.',
  },
  {
    ...{ id: 'done', title: 'Done', query: 'done', counts: 'done', actions: ['again', 'rm'] },
    columns: ['id', 'finished', 'tags', 'attempts', 'text'],
    empty: 'Nothing is finished yet, or it was cleaned away.',
  },
  {
    ...{ id: 'relayed', title: 'Relayed', query: 'relayed', counts: 'relayed', actions: ['again', 'rm'] },
    columns: ['id', 'finished', 'tags', 'text'],
    empty: 'Nothing was handed on to another queue or host.',
  },
  {
    ...{ id: 'failed', title: 'Failed', query: 'failed', counts: '_err', actions: ['retry', 'edit', 'move', 'rm'] },
    columns: ['id', 'age', 'exit', 'attempts', 'tags', 'text'],
    empty: 'Nothing failed for good.',
  },
]

export function whereOf(tab: Tab, filter: string): string {
  return filter === '' ? tab.query : `${tab.query} (${filter})`
}
