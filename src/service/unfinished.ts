/**
 * Searches whose time was over before their end, as they stood: whoever asks with the cursor that he was given goes on there,
 * and nothing that was passed over is read again. All of them can be begun anew from the cursor alone.
 */
import type { Row, Search, SearchSteps } from './search.ts'

const MOST = 16
const KEPT_MS = 30_000

export interface Unfinished {
  readonly search: Search
  readonly steps: SearchSteps
  /** A row that had no room on the page. */
  readonly pending: Row | undefined
}

export class UnfinishedSearches {
  readonly #kept = new Map<string, { readonly of: Unfinished; readonly timer: NodeJS.Timeout }>()

  /** `key`: what was asked, and the cursor. */
  keep(key: string, of: Unfinished): void {
    this.#drop(key)
    const timer = setTimeout(() => this.#drop(key), KEPT_MS).unref()
    this.#kept.set(key, { of, timer })
    const [oldest] = this.#kept.keys()
    if (this.#kept.size > MOST && oldest !== undefined) this.#drop(oldest)
  }

  /** To one caller only. */
  take(key: string): Unfinished | undefined {
    const kept = this.#kept.get(key)
    clearTimeout(kept?.timer)
    this.#kept.delete(key)
    return kept?.of
  }

  close(): void {
    for (const key of [...this.#kept.keys()]) this.#drop(key)
  }

  /** Its directories are closed. */
  #drop(key: string): void {
    this.take(key)?.steps.return()
  }
}
