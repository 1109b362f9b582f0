/**
 * Which calls a sweep hits. All of them take long, so that a usual run takes a few: evenly spread, other ones for each
 * fault. RQD_FAULTS=all hits every call, RQD_FAULTS=17 only the 17th, to repeat what failed.
 */
import { type CountedCall, type Shot, type SweepOptions, shoot } from './shim.ts'

const wish = process.env['RQD_FAULTS'] ?? ''
/** Every call of every sweep is asked for. */
export const IS_WHOLE = wish === 'all'
/** A sweep goes on after a failure, so that one run tells of all that is wrong; but not for ever. */
const MAX_FAILURES = IS_WHOLE ? 12 : 3
/** A call that no round makes. */
const NEVER = 1_000_000_000
/** A sweep that is not through by then proves too little. */
const MOST_CALLS = 5000

export const SWEEP_TIMEOUT_MS = IS_WHOLE ? 7_200_000 : 240_000

/** `met`: the fault was met. */
type Round = (at: number) => Promise<{ readonly met: boolean; readonly calls: readonly CountedCall[] }>

export interface Sample {
  /** The distance between the calls of a usual run. */
  readonly every: number
  /** Of each kind of call (open, write, rename ...) one at least, whatever the distance is. */
  readonly eachKind?: boolean
  /** So many rounds side by side, where they mostly wait. */
  readonly atOnce?: number
}

/** Answers how many rounds met their fault. */
export async function sweepCalls(
  options: SweepOptions,
  sample: Sample,
  round: (shot: Shot) => Promise<void>,
): Promise<number> {
  const failures: string[] = []
  const once: Round = async (at) => {
    const calls = await shoot(options, at, async (shot) => {
      try {
        await round(shot)
      } catch (error) {
        failures.push(`at call ${at} (${nameOf(shot)}): ${error instanceof Error ? error.message : String(error)}`)
        process.stderr.write(`\n${failures.at(-1)}\n`)
      }
    })
    return { met: calls.some((call) => call.hit), calls }
  }
  const calls = await chosenCalls(once, sample, spread(options))
  const hits = await inLanes(calls, once, sample.atOnce ?? 1, () => failures.length)
  if (failures.length > 0) throw new Error(`${failures.length} rounds failed:\n${failures.join('\n\n')}`)
  return hits
}

/** Until the calls are through, one was behind the last, or too much fails. */
async function inLanes(calls: Iterator<number>, round: Round, lanes: number, failed: () => number): Promise<number> {
  let hits = 0
  let isThrough = false
  const lane = async () => {
    while (!isThrough) {
      const next = calls.next()
      if (next.done) return
      const { met } = await round(next.value)
      if (met) hits += 1
      // Where every call is tried it was behind the last.
      if ((!met && IS_WHOLE) || failed() >= MAX_FAILURES) isThrough = true
    }
  }
  await Promise.all(Array.from({ length: lanes }, lane))
  return hits
}

async function chosenCalls(round: Round, { every, eachKind }: Sample, offset: number): Promise<Iterator<number>> {
  if (IS_WHOLE) return everyCall()
  if (/^\d+$/.test(wish)) return [Number(wish)].values()
  // A round without the fault tells which calls there are.
  const { calls } = await round(NEVER)
  const chosen = calls.filter(({ n }) => n % every === offset % every)
  const kinds = new Set(chosen.map(({ name }) => name))
  const missing = new Set(calls.map(({ name }) => name).filter((name) => eachKind === true && !kinds.has(name)))
  for (const missed of missing) {
    const same = calls.filter(({ name }) => name === missed)
    chosen.push(...same.slice(offset % same.length).slice(0, 1))
  }
  const numbers = chosen.map(({ n }) => n).toSorted((a, b) => a - b)
  return numbers.values()
}

function* everyCall(): Generator<number> {
  for (let at = 1; at <= MOST_CALLS; at += 1) yield at
  throw new Error(`the sweep was not through after ${MOST_CALLS} calls`)
}

/** The same for each run of a sweep, another for each sweep: together they hit more. */
function spread(options: SweepOptions): number {
  let sum = 0
  for (const letter of JSON.stringify(options)) sum = (sum * 31 + letter.charCodeAt(0)) % 100_003
  return sum
}

function nameOf(shot: Shot): string {
  const hit = shot.calls().find((call) => call.hit)
  return hit === undefined ? 'not met' : `${hit.name} ${hit.path} ${hit.to}`.trimEnd()
}
