// A root of rqd's and its daemon, used only as anybody would: bin/rqd, bin/rq, and the directory protocol.
import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, opendirSync, openSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { onExit } from './cleanup.mjs'
import { now, run, sleep, timed, until } from './clock.mjs'
import { cpuSeconds, processTree } from './proc.mjs'

let made = 0

export class Root {
  #ctx
  #daemon
  #close

  constructor(ctx, name) {
    this.#ctx = ctx
    this.dir = join(ctx.place.dir, name)
    mkdirSync(join(this.dir, 'queue'), { recursive: true })
    mkdirSync(join(this.dir, '..', 'stage'), { recursive: true })
  }

  path(queue, ...below) {
    return join(this.dir, 'queue', queue, ...below)
  }

  /** Makes a queue. Its que/ comes last: what a daemon notices is then whole. */
  createQueue(queue, config) {
    mkdirSync(this.path(queue), { mode: 0o700 })
    writeFileSync(this.path(queue, 'config.json'), JSON.stringify({ durability: 'group', ...config }))
    mkdirSync(this.path(queue, 'que'), { mode: 0o700 })
  }

  /** Makes items where no daemon looks, on the root's filesystem; returns their directory. */
  async stage(count, suffix = '') {
    made += 1
    const dir = join(this.dir, '..', 'stage', String(made))
    mkdirSync(dir)
    await run(this.#ctx.tools['make-items'], dir, String(count), suffix)
    return dir
  }

  /** Renames staged items into que/; resolves with a line for each: when, and its name. */
  drop(staged, queue, intervalUs = 0) {
    return run(this.#ctx.tools['move-items'], staged, this.path(queue, 'que'), String(intervalUs))
  }

  /** Starts the daemon in the foreground; it is up, though not yet at work, when this returns. */
  start(env = {}) {
    const log = openSync(join(this.#ctx.tools.scratch, 'rqd.log'), 'a')
    const args = [join(this.#ctx.bin, 'rqd'), 'start', '--root', this.dir]
    this.#daemon = spawn(process.execPath, args, { stdio: ['ignore', log, log], env: { ...process.env, ...env } })
    const daemon = this.#daemon
    this.#close = onExit(() => {
      // A place cannot be unmounted while a slot or a handler lies in it: all that this daemon started goes along.
      for (const { pid } of processTree(daemon.pid).reverse()) kill(pid, 'SIGKILL')
    })
  }

  get pid() {
    return this.#daemon.pid
  }

  async stop() {
    const daemon = this.#daemon
    if (daemon === undefined) return
    spawnSync(process.execPath, [join(this.#ctx.bin, 'rqd'), 'stop', '--root', this.dir], { stdio: 'ignore' })
    const ended = () => daemon.exitCode ?? daemon.signalCode ?? undefined
    try {
      await until('the daemon to stop', 10_000, ended)
    } catch (error) {
      console.error(`bench: ${error.message}; killing it`)
    }
    this.#close()
    this.#daemon = undefined
  }

  /** Seconds that `rq ARGS` takes. */
  timeRq(...args) {
    const env = { ...process.env, RQ_ROOT: this.dir }
    return timed(process.execPath, [join(this.#ctx.bin, 'rq'), ...args], { env })
  }

  /** Runs a few items, so that workers, slots and the code in them are warm. */
  async warmUp(queue, count = 20) {
    const before = this.countDone(queue)
    await this.drop(await this.stage(count), queue)
    await this.waitDone(queue, before + count)
    await this.settled()
  }

  /** Waits until done/ holds `count` items and neither que/ nor run/ any. */
  async waitDone(queue, count, timeoutMs = 300_000) {
    await until(`${count} items of ${queue}`, timeoutMs, () => {
      this.#assertAlive()
      return this.#countDoneFast(queue) >= count ? true : undefined
    })
    const failed = this.#entries(queue, '_err').length
    if (failed > 0) throw new Error(`${failed} items of ${queue} failed`)
  }

  countDone(queue) {
    return this.#minutes(queue).reduce((sum, minute) => sum + readdirSync(minute).length, 0)
  }

  isEmpty(queue, state) {
    const dir = opendirSync(this.path(queue, state))
    const empty = dir.readSync() === null
    dir.closeSync()
    return empty
  }

  /** The worker of a queue: the Node whose working directory is the queue's. */
  workers() {
    const node = process.execPath
    const queues = join(this.dir, 'queue')
    return processTree(this.pid).filter(({ exe, cwd }) => exe === node && cwd.startsWith(`${queues}/`))
  }

  worker(queue) {
    return this.workers().find(({ cwd }) => cwd === this.path(queue))?.pid
  }

  /** Waits until the daemon and all below it have done next to nothing for half a second. */
  async settled(timeoutMs = 60_000) {
    const deadline = now() + timeoutMs * 1e6
    for (;;) {
      if ((await this.cpuShare(500)) < 0.02) return
      if (now() > deadline) throw new Error('the daemon does not come to rest')
      this.#assertAlive()
    }
  }

  /** CPU of the daemon and all below it over a time, as a share of one core. */
  async cpuShare(ms) {
    const pids = processTree(this.pid).map(({ pid }) => pid)
    const before = cpuSeconds(pids)
    const start = now()
    await sleep(ms)
    return (cpuSeconds(pids) - before) / ((now() - start) / 1e9)
  }

  /** Takes waiting items back from que/ of one queue to that of another, or out of the way. */
  rename(from, to) {
    renameSync(from, to)
  }

  #assertAlive() {
    if (this.#daemon === undefined) throw new Error('the daemon was not started')
    const { exitCode, signalCode } = this.#daemon
    if (exitCode === null && signalCode === null) return
    const log = readFileSync(join(this.#ctx.tools.scratch, 'rqd.log'), 'utf8').trim().split('\n')
    throw new Error(`the daemon ended with ${exitCode ?? signalCode}: ${log.at(-1)}`)
  }

  /** Each item of done/ is a directory, and a directory's link count is that of its subdirectories plus two. */
  #countDoneFast(queue) {
    const minutes = this.#minutes(queue)
    const links = minutes.map((minute) => statSync(minute).nlink - 2)
    // Single files add no link; past 65,000 ext4 stops counting.
    return links.some((count) => count <= 0) ? this.countDone(queue) : links.reduce((sum, count) => sum + count, 0)
  }

  #minutes(queue) {
    return this.#entries(queue, 'done').flatMap((day) =>
      this.#entries(queue, 'done', day).map((minute) => this.path(queue, 'done', day, minute)),
    )
  }

  #entries(queue, ...below) {
    try {
      return readdirSync(this.path(queue, ...below)).filter((name) => !name.startsWith('.'))
    } catch (error) {
      if (error.code === 'ENOENT') return []
      throw error
    }
  }
}

function kill(pid, signal) {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if (error.code !== 'ESRCH') throw error
  }
}
