/** The cleaner of one queue: what its retention dooms goes, in slices, archived first where that is wanted. */
import type { Millis } from '../domain/name.ts'
import type { ArchivePolicy, KeptState, RetentionPolicy } from '../domain/retention.ts'
import type { Native } from '../os/native.ts'
import { archiveItems, oldArchives } from './archive.ts'
import { type Source, survey } from './archive-read.ts'
import { type Plan, plannedItems, planOf, REMOVED, type Removed } from './clean-plan.ts'
import { type Doomed, isOlder, LEVELS } from './doomed.ts'
import { QueueIoError } from './errors.ts'
import { removeEmptyDir, removeFile } from './files.ts'
import { dropEmptyBucket } from './move.ts'
import { type BytePath, inQueue, look, names, type QueueDir, toBytes, within } from './place.ts'
import { scanPages } from './scan.ts'
import { Scratch, type Tally } from './scratch.ts'
import { bytesIn } from './tree.ts'

export interface CleanJob {
  readonly queue: QueueDir
  /** The queue's name. */
  readonly name: string
  readonly policy: RetentionPolicy
  readonly now: Millis
  readonly dryRun: boolean
  readonly newStamp: () => string
  readonly native: Native | undefined
  /** Called after each step; may wait. Throws when the caller is to stop. */
  readonly pace: () => Promise<void>
  readonly onProblem: (text: string) => void
}

export interface CleanReport {
  readonly removed: Readonly<Record<Removed, Tally>>
  readonly archives: readonly { readonly path: BytePath; readonly items: number }[]
  /** Renames that took away what was removed: whole days and minutes by one each. */
  readonly moves: number
}

/** A manifest of so many is kept in memory; what is more goes into the next archive of the day. */
const ITEMS_PER_ARCHIVE = 20_000
/** There must be room for an archive before anything of what is in it goes. */
const BYTES_PER_ARCHIVE = 2 ** 30

export class Cleaner {
  readonly #job: CleanJob
  readonly #scratch: Scratch
  readonly #removed = Object.fromEntries(REMOVED.map((kind) => [kind, { items: 0, bytes: 0 }])) as Record<
    Removed,
    Tally
  >
  readonly #archives: { path: BytePath; items: number }[] = []
  #plan: Plan | undefined
  /** Items that are in an archive, read again. */
  #archived = 0

  constructor(job: CleanJob) {
    this.#job = job
    this.#scratch = new Scratch(job.queue, job.newStamp(), { pace: job.pace, onProblem: job.onProblem })
  }

  /** To be called once, by the one cleaner of the queue. */
  async run(): Promise<void> {
    const { leftovers, states, others } = this.#planned()
    for (const path of leftovers) await this.#discard(path, 'tmp')
    for (const { state, doomed } of states) await this.#state(state, doomed)
    for (const { path, kind } of others) if (this.#isLeft(path, kind)) await this.#take(path, kind, 0)
    await this.#dropArchives(this.#job.policy.archive)
  }

  /** Of a draft: somebody may have come back to it since it was listed. */
  #isLeft(path: BytePath, kind: Removed): boolean {
    return kind !== 'prep' || isOlder(path, this.#job.policy.prep, this.#job.now)
  }

  /** What was done so far. */
  report(): CleanReport {
    return { removed: this.#removed, archives: this.#archives, moves: this.#scratch.moves }
  }

  /** How many items are to go. Whole days are counted for it: not for nothing. */
  total(): number {
    return plannedItems(this.#planned())
  }

  /** Of the total; an item that is archived first is half done by then. */
  done(): number {
    const share = (kind: Removed) => (!this.#job.dryRun && this.#isArchived(kind) ? 0.5 : 1)
    const removed = REMOVED.reduce((sum, kind) => sum + this.#removed[kind].items * share(kind), 0)
    return Math.floor(removed + this.#archived / 2)
  }

  #isArchived(kind: Removed): boolean {
    return this.#job.policy.archive.states.some((state) => state === kind)
  }

  #planned(): Plan {
    const { queue, policy, now } = this.#job
    this.#plan ??= planOf(queue, policy, now)
    return this.#plan
  }

  async #state(state: KeptState, doomed: readonly Doomed[]): Promise<void> {
    if (this.#isArchived(state)) await this.#archive(state, doomed)
    else for (const one of doomed) await this.#removeDoomed(state, one)
  }

  async #removeDoomed(state: KeptState, doomed: Doomed): Promise<void> {
    // Tried again and failed again since it was listed: it is as young as that.
    const isOther = doomed.kind === 'item' && doomed.since !== undefined && look(doomed.path)?.ctimeMs !== doomed.since
    if (isOther) return
    await this.#take(doomed.path, state, LEVELS[doomed.kind])
    if (doomed.kind === 'item' && doomed.bucket !== undefined) this.#drop(state, doomed.bucket)
    else if (doomed.kind === 'bucket') this.#drop(state, doomed.bucket)
  }

  /** An empty bucket costs an inode; a settle that wants it makes it again. */
  #drop(state: KeptState, bucket: string): void {
    if (!this.#job.dryRun) dropEmptyBucket(this.#job.queue, state, bucket)
  }

  async #archive(state: KeptState, doomed: readonly Doomed[]): Promise<void> {
    for (const part of partsOf(itemsOf(this.#job, doomed))) if (!(await this.#archivePart(state, part))) return
    for (const { bucket, kind, path } of doomed) {
      if (kind === 'day') {
        for (const minute of names(path)) this.#drop(state, `${bucket}/${minute}`)
        if (!this.#job.dryRun) removeEmptyDir(path)
      } else if (bucket !== undefined) this.#drop(state, bucket)
    }
  }

  /** false: there is no archive, and the next one would fare no better. */
  async #archivePart(state: KeptState, part: readonly Source[]): Promise<boolean> {
    const { queue, name, policy, now, newStamp, native, pace, onProblem } = this.#job
    const onRefused = ({ path }: Source, why: string) => onProblem(`${path} stays, as it is not archived: it ${why}`)
    if (this.#job.dryRun) {
      for (const source of part) {
        const taken = survey(source)
        if (taken.kind === 'whole') await this.#count(source.path, state, 0)
        else if (taken.kind === 'refused') onRefused(source, taken.why)
      }
      return true
    }
    const { dir } = policy.archive
    const made = archiveDirs(queue, dir)
    const before = this.#archived
    const onShare = (share: number) => {
      this.#archived = before + share * part.length
    }
    const where = { dir: archiveDir(queue, dir), made, queue: toBytes(name), now, stamp: newStamp() }
    const target = { ...where, native, pace, onShare }
    try {
      const archived = await archiveItems(target, part, onRefused)
      if (archived === undefined) return true
      this.#archives.push({ path: archived.path, items: archived.items.size })
      for (const [source, print] of archived.items) {
        // Run again, edited, or still being written: what was archived is not what is there.
        const now = survey(source)
        if (now.kind === 'whole' && now.print === print) await this.#take(source.path, state, 0)
      }
      return true
    } catch (error) {
      if (!(error instanceof QueueIoError)) throw error
      onProblem(`nothing is removed from ${state}, as it cannot be archived: ${error.message}`)
      return false
    }
  }

  async #dropArchives({ dir, keep }: ArchivePolicy): Promise<void> {
    const { queue, name, policy, now, dryRun } = this.#job
    for (const path of oldArchives(archiveDir(queue, dir), toBytes(name), keep, policy.prep, now)) {
      await this.#count(path, 'archives', 0)
      if (!dryRun) removeFile(path)
    }
  }

  async #take(path: BytePath, kind: Removed, level: number): Promise<void> {
    if (this.#job.dryRun) {
      await this.#count(path, kind, level)
      return
    }
    const taken = this.#scratch.take(path)
    if (taken !== undefined) await this.#scratch.remove(taken, level, this.#removed[kind])
  }

  async #discard(path: BytePath, kind: Removed): Promise<void> {
    if (this.#job.dryRun) await this.#count(path, kind, 0)
    else await this.#scratch.remove(path, 0, this.#removed[kind])
  }

  /** For a dry run: what would be removed. */
  async #count(path: BytePath, kind: Removed, level: number): Promise<void> {
    if (level > 0) {
      for (const page of scanPages(path)) {
        for (const name of page) await this.#count(within(path, name), kind, level - 1)
      }
      return
    }
    const tally = this.#removed[kind]
    tally.items += 1
    tally.bytes += bytesIn(path)
    await this.#job.pace()
  }
}

function archiveDir(queue: QueueDir, dir: string): BytePath {
  return dir.startsWith('/') ? (toBytes(dir) as BytePath) : inQueue(queue, toBytes(dir))
}

/** Those in the queue may be missing; elsewhere only the last: a disk that is not mounted is not to be made up. */
function archiveDirs(queue: QueueDir, dir: string): BytePath[] {
  if (dir.startsWith('/')) return [archiveDir(queue, dir)]
  const parts = dir.split('/').filter(Boolean)
  return parts.map((_, at) => archiveDir(queue, parts.slice(0, at + 1).join('/')))
}

/** What goes into one archive each. */
export function* partsOf(sources: Iterable<Source>): Generator<Source[]> {
  let part: Source[] = []
  let bytes = 0
  for (const source of sources) {
    const more = bytesIn(source.path)
    if (part.length >= ITEMS_PER_ARCHIVE || (part.length > 0 && bytes + more > BYTES_PER_ARCHIVE)) {
      yield part
      part = []
      bytes = 0
    }
    part.push(source)
    bytes += more
  }
  if (part.length > 0) yield part
}

/** In an archive an item is called as it lies in the root's `queue/`: `mail/done/20261122/1015/<item>`. */
function* itemsOf({ queue, name }: CleanJob, doomed: readonly Doomed[]): Generator<Source> {
  const called = (path: BytePath) => `${toBytes(name)}/${path.slice(queue.base.length)}`
  for (const { kind, path } of doomed) {
    if (kind === 'item') yield { path, name: called(path) }
    else {
      const buckets =
        kind === 'bucket'
          ? [path]
          : names(path)
              .toSorted()
              .map((minute) => within(path, minute))
      for (const bucket of buckets) {
        for (const page of scanPages(bucket))
          for (const raw of page) yield { path: within(bucket, raw), name: called(within(bucket, raw)) }
      }
    }
  }
}
