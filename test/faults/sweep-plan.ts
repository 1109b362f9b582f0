/**
 * Which calls a sweep hits. All of them take long, so that a usual run takes a few, evenly spread: RQD_FAULTS=all
 * hits every call, RQD_FAULTS=17 only the 17th, to repeat what failed.
 */
import { type Shot, type SweepOptions, sweep } from './shim.ts'

const wish = process.env['RQD_FAULTS'] ?? ''
/** A sweep goes on after a failure, so that one run tells of all that is wrong; but not for ever. */
const MAX_FAILURES = wish === 'all' ? 12 : 3

export const SWEEP_TIMEOUT_MS = wish === 'all' ? 7_200_000 : 240_000

/** `every`: the distance between the calls of a usual run. Answers how many rounds met their fault. */
export async function sweepCalls(
  options: SweepOptions,
  every: number,
  round: (shot: Shot) => Promise<void>,
): Promise<number> {
  const failures: string[] = []
  const hits = await sweep({ ...options, ...chosenCalls(every) }, async (shot) => {
    try {
      await round(shot)
    } catch (error) {
      failures.push(`at call ${shot.at} (${nameOf(shot)}): ${error instanceof Error ? error.message : String(error)}`)
      process.stderr.write(`\n${failures.at(-1)}\n`)
      if (failures.length >= MAX_FAILURES) throw new Error('too many failures')
    }
  }).catch((error: unknown) => {
    if (failures.length === 0) throw error
    return 0
  })
  if (failures.length > 0) throw new Error(`${failures.length} rounds failed:\n${failures.join('\n\n')}`)
  return hits
}

function chosenCalls(every: number): Pick<SweepOptions, 'from' | 'step' | 'limit'> {
  if (wish === 'all') return { from: 1, step: 1 }
  if (/^\d+$/.test(wish)) return { from: Number(wish), step: 1_000_000, limit: 2_000_000 }
  return { from: 1 + (every >> 1), step: every }
}

function nameOf(shot: Shot): string {
  const hit = shot.calls().find((call) => call.hit)
  return hit === undefined ? 'not met' : `${hit.name} ${hit.path} ${hit.to}`.trimEnd()
}
