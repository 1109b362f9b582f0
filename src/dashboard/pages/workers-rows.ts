/** What the page of the workers shows of each run, and in which order. Pure. */
import type { RunRow } from '../../service/running.ts'
import type { Workers } from '../../service/workers.ts'

export interface Run {
  readonly run: RunRow
  /** Of one core, since the look before; null: not known yet. */
  readonly busy: number | null
  /** Of the largest one's memory, 0 to 1. */
  readonly share: number
}

export function keyOf({ run: { queue, id } }: Run): string {
  return `${queue}/${id}`
}

/** `before`: the answer before this one. */
export function runsOf({ time, workers }: Workers, before: Workers | undefined): readonly Run[] {
  const runs = workers.flatMap(({ running }) => running)
  const most = Math.max(1, ...runs.map(({ rss }) => rss ?? 0))
  const known = new Map(before?.workers.flatMap(({ running }) => running).map((run) => [attemptOf(run), run]))
  const passed = before === undefined ? 0 : Date.parse(time) - Date.parse(before.time)
  return runs.map((run) => ({
    run,
    busy: busyOf(run, known.get(attemptOf(run)), passed),
    share: (run.rss ?? 0) / most,
  }))
}

function attemptOf({ queue, id, attempt }: RunRow): string {
  return `${queue}/${id} ${attempt}`
}

/** Processes that ended took their time with them: never less than nothing. */
function busyOf({ cpu }: RunRow, before: RunRow | undefined, passed: number): number | null {
  if (cpu === null || passed <= 0 || before === undefined || before.cpu === null) return null
  return Math.max(0, cpu - before.cpu) / passed
}

export const ORDERS = {
  rss: ({ run }: Run) => run.rss,
  elapsed: ({ run }: Run) => run.elapsed,
  cpu: ({ run }: Run) => run.cpu,
  busy: ({ busy }: Run) => busy,
} as const
export type By = keyof typeof ORDERS

export function isOrder(word: string | null): word is By {
  return word !== null && Object.hasOwn(ORDERS, word)
}

/** The largest first, unless reversed; what is not known comes last. */
export function sorted(runs: readonly Run[], by: By, isReversed: boolean): readonly Run[] {
  const order = ORDERS[by]
  const sign = isReversed ? 1 : -1
  return runs.toSorted((a, b) => {
    const [x, y] = [order(a), order(b)]
    if (x === null || y === null) return Number(x === null) - Number(y === null)
    return sign * (x - y)
  })
}
