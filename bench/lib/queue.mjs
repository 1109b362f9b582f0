// A queue, used as any program would use it: directories, a rename, a look at done/.
import { mkdirSync, opendirSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { now, run, until } from './clock.mjs'

/** Looking takes its share of the two cores from what is measured. */
const GLANCE_MS = 20

let staged = 0

/** Makes items where no daemon looks, on the place's filesystem; returns their directory. */
export async function stage(ctx, count, suffix = '') {
  staged += 1
  const dir = join(ctx.place.dir, 'stage', String(staged))
  mkdirSync(dir, { recursive: true })
  await run(ctx.tools['make-items'], dir, String(count), suffix)
  return dir
}

/** Items a second, from the first rename into que/ until done/ holds the last. */
export async function endToEnd(ctx, queue, count, suffix) {
  const staged = await stage(ctx, count, suffix)
  const before = queue.countDone()
  ctx.place.sync()
  const start = now()
  const dropped = queue.drop(staged)
  await queue.waitDone(before + count)
  const seconds = (now() - start) / 1e9
  await dropped
  return count / seconds
}

export class Queue {
  #ctx

  /** Makes a queue. Its que/ comes last: what a daemon notices is then whole. */
  constructor(ctx, root, name, config) {
    this.#ctx = ctx
    this.name = name
    this.dir = join(root, 'queue', name)
    mkdirSync(this.dir, { recursive: true })
    writeFileSync(join(this.dir, 'config.json'), JSON.stringify({ durability: 'group', ...config }))
    mkdirSync(join(this.dir, 'que'))
  }

  /** Fills que/ with waiting items. A million names share few inodes: what is measured is the directory. */
  async fill(count, suffix) {
    await run(this.#ctx.tools['make-items'], join(this.dir, 'que'), String(count), suffix, 'linked')
  }

  /** Renames staged items into que/; resolves with a line for each: when, and its name. */
  drop(from, intervalUs = 0) {
    return run(this.#ctx.tools['move-items'], from, join(this.dir, 'que'), String(intervalUs))
  }

  /** Stages, drops, and waits until all are done. */
  async runItems(count) {
    const before = this.countDone()
    await this.drop(await stage(this.#ctx, count))
    await this.waitDone(before + count)
  }

  /** Waits until done/ holds `count` items. */
  async waitDone(count, timeoutMs = 300_000) {
    const look = () => {
      this.assertNoneFailed()
      return this.#glanceDone() >= count ? true : undefined
    }
    await until(`${count} items in ${this.dir}/done`, timeoutMs, look, GLANCE_MS)
  }

  countDone() {
    return this.#minutes().reduce((sum, minute) => sum + readdirSync(minute).length, 0)
  }

  isEmpty(state) {
    const dir = opendirSync(join(this.dir, state))
    const empty = dir.readSync() === null
    dir.closeSync()
    return empty
  }

  assertNoneFailed() {
    const failed = this.#entries('_err').length
    if (failed > 0) throw new Error(`${failed} items of ${this.name} failed`)
  }

  /** Reads no entries while the queue works: a directory's link count is that of its subdirectories, plus two. */
  #glanceDone() {
    const directories = this.#minutes().reduce((sum, minute) => sum + statSync(minute).nlink - 2, 0)
    if (directories > 0) return directories
    return this.isEmpty('que') && this.isEmpty('run') ? this.countDone() : 0
  }

  #minutes() {
    return this.#entries('done').flatMap((day) =>
      this.#entries('done', day).map((minute) => join(this.dir, 'done', day, minute)),
    )
  }

  #entries(...below) {
    try {
      return readdirSync(join(this.dir, ...below)).filter((name) => !name.startsWith('.'))
    } catch (error) {
      if (error.code === 'ENOENT') return []
      throw error
    }
  }
}
