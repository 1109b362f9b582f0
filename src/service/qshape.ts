/** `rq qshape`: how many items of which age, like Postfix's qshape(1): what stands still shows at the right. */
import type { State } from '../domain/item.ts'
import type { Millis } from '../domain/name.ts'
import { type Aged, ages } from './ages.ts'
import { type Answer, ok, refuse } from './answer.ts'
import { openQueues, type Queue } from './spool.ts'
import { inTurns, oneByOne, takingTurns } from './turns.ts'
import { defineVerb } from './verb.ts'

/** Upper bounds in minutes; older is the last column. */
export const AGE_BOUNDS = [5, 10, 20, 40, 80, 160, 320, 640, 1280] as const
const DEFAULT_LIMIT = 100_000
const STATES: Readonly<Record<string, State>> = { que: 'que', pause: 'pause', _err: '_err', run: 'run', prep: 'prep' }
const KEYS: Readonly<Record<string, (aged: Aged, queue: Queue) => readonly string[]>> = {
  queue: (_, queue) => [queue.name],
  tag: ({ name }) => (name.tags.length === 0 ? ['(none)'] : name.tags),
  priority: ({ name }) => [`p${name.priority}`],
}

interface ShapeRow {
  readonly key: string
  readonly total: number
  /** One more than there are bounds. */
  readonly ages: readonly number[]
}

export interface Shape {
  readonly state: string
  readonly by: string
  readonly bounds: readonly number[]
  readonly total: ShapeRow
  readonly rows: readonly ShapeRow[]
  /** Queues of which not all were looked at. */
  readonly capped: readonly string[]
}

export const qshape = defineVerb({
  summary: 'a table of the ages of waiting items',
  details:
    'T is the total; the other columns count what arrived up to so many minutes ago. Times come from the ids; of dropped files and of ' +
    'other states, from the ctime of their entries.',
  arguments: { queue: { type: 'queue', summary: 'only these', many: true, optional: true } },
  options: {
    by: { type: 'text', summary: 'a row for each (default queue)', value: 'KEY', words: Object.keys(KEYS) },
    state: {
      type: 'text',
      summary: 'of items in this state (default que)',
      value: 'STATE',
      words: Object.keys(STATES),
    },
    limit: { type: 'count', summary: `items of a queue that are looked at (default ${DEFAULT_LIMIT})`, value: 'N' },
  },
  examples: [
    { command: 'rq qshape', says: 'which queue stands still' },
    { command: 'rq qshape mail --by tag --state _err', says: 'since when what failed' },
  ],
  run: async (context, input): Promise<Answer<Shape>> => {
    const by = input.by ?? 'queue'
    const state = input.state ?? 'que'
    const keysOf = Object.hasOwn(KEYS, by) ? KEYS[by] : undefined
    const from = Object.hasOwn(STATES, state) ? STATES[state] : undefined
    if (keysOf === undefined) return refuse('usage', `--by "${by}": expected ${Object.keys(KEYS).join(', ')}`)
    if (from === undefined) return refuse('usage', `--state "${state}": expected ${Object.keys(STATES).join(', ')}`)
    const opened = await openQueues(context.root, input.queue)
    const queues = opened.filter((queue): queue is Queue => !('kind' in queue))
    const rows = new Map<string, number[]>()
    const total = emptyAges()
    const capped: string[] = []
    if (by === 'queue') for (const { name } of queues) rows.set(name, emptyAges())
    for await (const queue of oneByOne(queues)) {
      const { items, more } = await inTurns(ages(queue, from, context.now(), input.limit || DEFAULT_LIMIT))
      if (more) capped.push(queue.name)
      const turn = takingTurns()
      for (const aged of items) {
        const wait = turn()
        if (wait !== undefined) await wait
        add(total, aged.age)
        for (const key of keysOf(aged, queue)) add(ageRow(rows, key), aged.age)
      }
    }
    const all = [...rows].map(([key, ages]) => shapeRow(key, ages)).toSorted((a, b) => b.total - a.total)
    const value = { state, by, bounds: AGE_BOUNDS, total: shapeRow('TOTAL', total), rows: all, capped }
    return ok(
      value,
      opened.filter((queue) => 'kind' in queue),
    )
  },
})

function emptyAges(): number[] {
  return new Array<number>(AGE_BOUNDS.length + 1).fill(0)
}

function ageRow(rows: Map<string, number[]>, key: string): number[] {
  const row = rows.get(key) ?? emptyAges()
  rows.set(key, row)
  return row
}

function add(ages: number[], age: Millis): void {
  const found = AGE_BOUNDS.findIndex((minutes) => age <= minutes * 60_000)
  const index = found === -1 ? AGE_BOUNDS.length : found
  ages[index] = (ages[index] ?? 0) + 1
}

function shapeRow(key: string, ages: readonly number[]): ShapeRow {
  return { key, total: ages.reduce((sum, n) => sum + n, 0), ages }
}
