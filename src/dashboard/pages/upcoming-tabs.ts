/** What comes later, by why it waits: each list with its query (docs/QUERY.md), and in words. */
import type { Tab } from './queue-tabs.ts'

export interface UpcomingTab extends Tab {
  /** What stands in this list, and what does not. */
  readonly says: string
}

/** Every item of a schedule is marked so, whatever its `src` says; in a text that somebody wrote the quotes are escaped. */
const OF_SCHEDULE = 'text:"\\"scheduled\\":{\\"name\\":"'

const ACTIONS = ['now', 'hold', 'move', 'rm'] as const

export const TABS: readonly UpcomingTab[] = [
  {
    ...{ id: 'scheduled', title: 'Scheduled', counts: undefined, actions: ACTIONS },
    query: `scheduled attempts=0 ${OF_SCHEDULE}`,
    columns: ['id', 'queue', 'due', 'priority', 'tags', 'created'],
    says:
      'Made by a schedule, not run yet, and waiting for a time: the schedule has a spread, or somebody moved the item. ' +
      'What tells them is "scheduled" in their message. Instants that are still to come have no item yet: they are on the page of the schedules.',
    empty: 'No item of a schedule waits for its time',
  },
  {
    ...{ id: 'delayed', title: 'Delayed', counts: undefined, actions: ACTIONS },
    query: `scheduled attempts=0 -${OF_SCHEDULE}`,
    columns: ['id', 'queue', 'due', 'priority', 'tags', 'created'],
    says: 'Not run yet, and not before the time that was given: by --at or --in, in the name of the file (,t…), or by a move.',
    empty: 'Nothing was put off to a later time',
  },
  {
    ...{ id: 'retrying', title: 'Retrying', counts: undefined, actions: ACTIONS },
    query: 'scheduled attempts>0',
    columns: ['id', 'queue', 'due', 'attempts', 'exit', 'tags', 'text'],
    says: 'Ran at least once and is tried again at its time: it failed and has attempts left, or its handler put it off.',
    empty: 'Nothing is tried again',
  },
]
