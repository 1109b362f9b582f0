// The daemon under measurement, driven by bin/rqd alone; what it costs is read from /proc.
import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { onExit } from './cleanup.mjs'
import { now, sleep, until } from './clock.mjs'
import { cpuSeconds, processTree } from './proc.mjs'

/** Makes an empty root. */
export function makeRoot(ctx, name) {
  const root = join(ctx.place.dir, name)
  mkdirSync(join(root, 'queue'), { recursive: true })
  return root
}

const WARM_ITEMS = 1000

export class Daemon {
  #rqd
  #log
  #process
  #close

  /** Starts it in the foreground; it lives, but need not be at work yet, when this returns. */
  constructor(ctx, root, env = {}) {
    this.root = root
    this.#rqd = join(ctx.bin, 'rqd')
    this.#log = join(ctx.tools.scratch, 'rqd.log')
    const log = openSync(this.#log, 'w')
    this.startedAt = now()
    this.#process = spawn(process.execPath, [this.#rqd, 'start', '--root', root], {
      stdio: ['ignore', log, log],
      env: { ...process.env, ...env },
    })
    // A place cannot be unmounted while a slot or a handler lies in it: all that this daemon started goes along.
    this.#close = onExit(() => {
      for (const { pid } of this.#tree().reverse()) kill(pid)
    })
  }

  async stop() {
    const tree = this.#tree()
    spawnSync(process.execPath, [this.#rqd, 'stop', '--root', this.root], { stdio: 'ignore' })
    const gone = () => this.#process.exitCode ?? this.#process.signalCode ?? undefined
    await until('the daemon to stop', 15_000, gone).catch((error) => console.error(`bench: ${error.message}: killed`))
    this.#close()
    for (const { pid } of tree.reverse()) kill(pid)
  }

  /** Its workers: each a Node whose working directory is its queue. */
  workers() {
    const queues = join(this.root, 'queue/')
    return this.#tree().filter(({ exe, cwd }) => exe === process.execPath && cwd.startsWith(queues))
  }

  /** The pid of a queue's worker. */
  workerOf(queue) {
    return until(`a worker of ${queue.name}`, 10_000, () => {
      this.assertAlive()
      return this.workers().find(({ cwd }) => cwd === queue.dir)?.pid
    })
  }

  /**
   * Runs some items in each, then waits for rest. A daemon runs for days: what is measured is a worker whose code is
   * compiled, as a C program's always is.
   */
  async warmUp(...queues) {
    await this.#runIn(queues, WARM_ITEMS)
  }

  /** The same with a few items: workers and slots are there. */
  async wake(...queues) {
    await this.#runIn(queues, 20)
  }

  async #runIn(queues, items) {
    for (const queue of queues) {
      await this.workerOf(queue)
      await queue.runItems(items)
    }
    await this.settled()
  }

  /** Waits until it and all below it have done next to nothing for half a second. */
  async settled(timeoutMs = 60_000) {
    const deadline = now() + timeoutMs * 1e6
    while ((await this.cpuShare(500)) > 0.03) {
      this.assertAlive()
      if (now() > deadline) throw new Error('the daemon does not come to rest')
    }
  }

  /** CPU of it and all below it over a time, as a share of one core. */
  async cpuShare(ms) {
    const pids = this.#tree().map(({ pid }) => pid)
    const before = cpuSeconds(pids)
    const start = now()
    await sleep(ms)
    return (cpuSeconds(pids) - before) / ((now() - start) / 1e9)
  }

  assertAlive() {
    const { exitCode, signalCode } = this.#process
    if (exitCode === null && signalCode === null) return
    const lastWords = readFileSync(this.#log, 'utf8').trim().split('\n').at(-1)
    throw new Error(`the daemon ended with ${exitCode ?? signalCode}: ${lastWords}`)
  }

  #tree() {
    return processTree(this.#process.pid)
  }
}

function kill(pid) {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if (error.code !== 'ESRCH') throw error
  }
}
