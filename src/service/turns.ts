/** Long work in a process that does other work, too: between two steps everybody else has a turn, every few milliseconds. */
import type { Steps } from '../domain/steps.ts'

const TURN_MS = 8

/** To be awaited between two steps that are short themselves. */
export function takingTurns(): () => Promise<void> | undefined {
  let began = performance.now()
  return () => {
    if (performance.now() - began < TURN_MS) return undefined
    return new Promise((resolve) =>
      setImmediate(() => {
        began = performance.now()
        resolve()
      }),
    )
  }
}

/** Carries out all steps. */
export async function inTurns<R>(steps: Steps<R>): Promise<R> {
  const turn = takingTurns()
  for (;;) {
    const step = steps.next()
    if (step.done === true) return step.value
    const wait = turn()
    if (wait !== undefined) await wait
  }
}

/** One after the other, and others between them. */
export async function* oneByOne<T>(all: Iterable<T>): AsyncGenerator<T, void, void> {
  const turn = takingTurns()
  for (const one of all) {
    yield one
    const wait = turn()
    if (wait !== undefined) await wait
  }
}
