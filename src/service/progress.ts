/** What a running handler last told of itself, for people who look. */
import { lastProgress } from '../domain/status-line.ts'
import type { AttemptRecord } from '../fsqueue/attempt.ts'

export interface Progress {
  readonly text: string
  readonly percent: number | null
}

export function progressOf(attempt: AttemptRecord | undefined): Progress | undefined {
  const told = attempt === undefined ? undefined : lastProgress(attempt.lines)
  return told === undefined ? undefined : { text: told.text, percent: told.percent ?? null }
}
