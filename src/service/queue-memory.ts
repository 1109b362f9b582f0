/** What is remembered of the queues between two questions; all of it can be found out again at any time. */
import type { Millis } from '../domain/name.ts'
import type { StatsRecord } from '../domain/stats.ts'
import { type QueueDir, stateDir } from '../fsqueue/place.ts'
import { type Oldest, oldestOf } from './ages.ts'
import { CountCache } from './count-cache.ts'
import { Heads } from './heads.ts'
import { lastHour, lastHourKey, snapshotIn } from './history.ts'
import { KnownQueues } from './known-queues.ts'
import { hasEntry, type Queue } from './spool.ts'
import { UnfinishedSearches } from './unfinished.ts'
import { Watched } from './watched.ts'
import { statusFile, statusIn, statusKey, type WorkerStatus } from './worker-status.ts'

/** Of so many queues at most. */
const MOST_QUEUES = 20_000

type Status = ReturnType<typeof statusFile>

interface Remembered {
  hour?: { readonly key: string; readonly records: readonly StatsRecord[] }
  status?: { readonly key: string; readonly value: Status; readonly history: readonly StatsRecord[] }
  oldest?: Oldest
  readonly waiting: Watched
}

const NO_STATUS = { key: '', value: undefined, history: [] } as const

export class QueueMemory {
  readonly counts: CountCache
  readonly heads = new Heads()
  readonly queues = new KnownQueues()
  readonly unfinished = new UnfinishedSearches()
  readonly #queues = new Map<string, Remembered>()

  constructor(now: () => Millis = Date.now) {
    this.counts = new CountCache(now)
  }

  /** The written minutes of the last hour: read again when a file of them has grown. */
  lastHour(queue: Queue, now: Millis): readonly StatsRecord[] {
    if (!hasEntry(queue, '_stats')) return []
    const of = this.#of(queue.dir)
    const key = lastHourKey(queue.dir, now)
    if (of.hour?.key !== key) of.hour = { key, records: lastHour(queue.dir, now) }
    return of.hour.records
  }

  workerStatus(queue: Queue): WorkerStatus | undefined {
    return statusIn(this.#status(queue).value)
  }

  /** The minutes that its worker last had in mind. */
  unwritten(queue: Queue): readonly StatsRecord[] {
    return this.#status(queue).history
  }

  /** Looked for again when que/ has changed, or something became due. */
  oldest(queue: Queue, now: Millis, limit: number): Oldest {
    const of = this.#of(queue.dir)
    const path = stateDir(queue.dir, 'que')
    if (of.oldest === undefined || now >= of.oldest.next || of.waiting.isChanged(path)) {
      of.waiting.isRead(path)
      of.oldest = oldestOf(queue, now, limit)
    }
    return of.oldest
  }

  close(): void {
    this.counts.close()
    this.heads.close()
    this.unfinished.close()
    this.queues.close()
    this.#queues.clear()
  }

  #status(queue: Queue): NonNullable<Remembered['status']> {
    if (!hasEntry(queue, '_status.json')) return NO_STATUS
    const of = this.#of(queue.dir)
    const key = statusKey(queue.dir)
    if (of.status?.key !== key) {
      const value = statusFile(queue.dir)
      of.status = { key, value, history: snapshotIn(value) }
    }
    return of.status
  }

  #of({ base }: QueueDir): Remembered {
    const known = this.#queues.get(base)
    if (known !== undefined) return known
    if (this.#queues.size >= MOST_QUEUES) this.#queues.clear()
    const fresh: Remembered = { waiting: new Watched() }
    this.#queues.set(base, fresh)
    return fresh
  }
}
