/** Tests wait for a condition, never for a time. */
import { setTimeout as sleep } from 'node:timers/promises'

type Falsy = undefined | null | false | 0 | ''

/**
 * Asks until the answer is truthy, and returns it. Fails after `deadlineMs`, with what was waited for and
 * the last error that asking threw.
 */
export async function until<T>(
  condition: () => T | Promise<T>,
  deadlineMs = 10_000,
  what: string | (() => string) = condition.toString(),
): Promise<Exclude<T, Falsy>> {
  const deadline = performance.now() + deadlineMs
  let lastError: unknown
  for (;;) {
    try {
      const answer = await condition()
      if (answer) return answer as Exclude<T, Falsy>
      lastError = undefined
    } catch (error) {
      lastError = error
    }
    if (performance.now() > deadline) {
      const detail = typeof what === 'string' ? what : what()
      throw new Error(`not within ${deadlineMs} ms: ${detail}`, { cause: lastError })
    }
    await sleep(10)
  }
}
