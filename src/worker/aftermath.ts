/**
 * Between the end of a run and its verdict's way to the disk: the hooks. They are told what was decided and change
 * nothing of it, but the hook `enqueue` of a queue that is relayed to. The item stays in run/ with its exit recorded
 * meanwhile, so a crash here settles it again, and the hooks run once more.
 */
import { closeSync, writeSync } from 'node:fs'
import { type HookAfter, hooksAfter } from '../domain/hooks.ts'
import type { ItemId } from '../domain/name.ts'
import { refusedBySystem } from '../fsqueue/errors.ts'
import { openLogToAppend } from '../fsqueue/job.ts'
import { ownProgram } from '../launch/run-as.ts'
import { errnoOf } from '../os/errno.ts'
import { environmentOf, processesWith, signalProcess } from '../os/process.ts'
import { isText, runProgram, textOf } from '../os/program.ts'
import { commandPath } from './admin.ts'
import { askAboutRelay } from './asking.ts'
import { cutLog, logSize } from './guard.ts'
import { hookFacts } from './hook-facts.ts'
import { hookPath, hookProblem } from './hooks.ts'
import { configOf } from './item-config.ts'
import { isOfThisQueue } from './liveness.ts'
import { type Ended, runPath } from './run.ts'
import type { Settled } from './verdict.ts'
import type { Worker } from './worker.ts'

const AGAIN_MS = 1000
const LOOK_MS = 1000

export class Aftermath {
  readonly #worker: Worker
  readonly #all = new Map<ItemId, Ended>()
  readonly #waiting: Ended[] = []
  #active = 0
  /** Of the hooks that run: their worker leaves. */
  readonly #leaving = new AbortController()

  constructor(worker: Worker) {
    this.#worker = worker
  }

  get size(): number {
    return this.#all.size
  }

  has(id: ItemId): boolean {
    return this.#all.has(id)
  }

  pending(): Ended[] {
    return [...this.#all.values()]
  }

  add(ended: Ended): void {
    this.#all.set(ended.id, ended)
    this.#waiting.push(ended)
    this.#next()
  }

  /** Decided, and relayed to a queue that is to be asked. */
  ask({ ended }: Settled): void {
    this.add(ended)
  }

  /** Items whose hooks run stay where they are: the next worker settles them, by the exit that is recorded. */
  abandon(): void {
    this.#waiting.splice(0)
    this.#leaving.abort()
    this.#all.clear()
  }

  /** As many at a time as there are slots. */
  #next(): void {
    while (this.#active < this.#worker.config.slots) {
      const ended = this.#waiting.shift()
      if (ended === undefined) return
      this.#active += 1
      void this.#follow(ended).then(() => {
        this.#active -= 1
        this.#next()
        this.#worker.pump()
      })
    }
  }

  async #follow(ended: Ended): Promise<void> {
    try {
      // Found, not begun here: what an earlier worker began for it may go on.
      if (ended.started === undefined) endEarlierHooks(ended)
      const settled = await this.#decided(ended)
      await this.#runHooks(settled)
      if (this.#leaving.signal.aborted) return
      // In this order: the id is never without an owner.
      this.#worker.runs.settler.add({ ...settled.ended, decided: settled })
      this.#all.delete(ended.id)
    } catch (error) {
      // It cannot be read now, or nothing can be started.
      this.#worker.trouble(refusedBySystem('hooks', ended.name, error))
      setTimeout(() => {
        this.#waiting.push(ended)
        this.#next()
      }, AGAIN_MS)
    }
  }

  async #decided(ended: Ended): Promise<Settled> {
    const { settler } = this.#worker.runs
    const settled = settler.decide(ended)
    if (settled.move.to !== 'relay') return settled
    const veto = await askAboutRelay(this.#worker, settled)
    return veto === undefined ? settled : settler.decide({ ...ended, veto })
  }

  async #runHooks(settled: Settled): Promise<void> {
    const { hooks } = this.#worker
    for (const hook of hooksAfter(settled.ended.outcome, settled.verdict, settled.move)) {
      const check = hooks.check(hook)
      if (check === undefined || this.#leaving.signal.aborted) continue
      const problem = check.kind === 'broken' ? check.problem : await this.#run(hook, settled)
      if (problem !== undefined) hooks.failed(hook, settled.ended.id, problem)
    }
  }

  /** Returns what went wrong with it. */
  async #run(hook: HookAfter, settled: Settled): Promise<string | undefined> {
    const { config, identity, options } = this.#worker
    const { ended } = settled
    const item = runPath(options.queue, ended)
    const { files, environment } = hookFacts(this.#worker, hook, settled)
    // Node gives programs UTF-8 only; env(1) takes the rest.
    const [texts, others] = [
      environment.filter(([, value]) => isText(value)),
      environment.filter(([, value]) => !isText(value)),
    ]
    const inBytes = others.length === 0 ? [] : [ownProgram('env'), ...others.map(([name, value]) => `${name}=${value}`)]
    const umask =
      identity.umask === undefined ? [] : ['/bin/sh', '-c', `umask ${identity.umask}; exec "$@"`, 'rqd-hook']
    const own = {
      ...this.#worker.environment(),
      ...Object.fromEntries(texts.map(([name, value]) => [name, textOf(value)])),
    }
    const limit = setInterval(() => this.#limitLog(ended), LOOK_MS)
    const log = openLogToAppend(item)
    try {
      note(log, `--- ${new Date().toISOString()} hook ${hook}\n`)
      const end = await runProgram({
        argv: [...umask, ...inBytes, ...identity.prefix, ...config.execPrefix, commandPath(hookPath(hook)), ...files],
        cwd: textOf(`${item}/job`),
        env: own,
        timeoutMs: config.hooks.timeout,
        abort: this.#leaving.signal,
        ...(log === undefined ? {} : { output: log }),
      })
      const problem = hookProblem(end)
      if (problem !== undefined) note(log, `--- hook ${hook}: ${problem}\n`)
      return problem
    } finally {
      clearInterval(limit)
      if (log !== undefined) closeSync(log)
      this.#limitLog(ended)
    }
  }

  #limitLog(ended: Ended): void {
    const item = runPath(this.#worker.options.queue, ended)
    const { maxLog } = configOf(this.#worker.config, ended.msg)
    try {
      if (logSize(item) > maxLog) cutLog(item, maxLog)
    } catch (error) {
      this.#worker.trouble(refusedBySystem('cut', item, error))
    }
  }
}

/** A full disk is no reason to run a hook again and again. */
function note(log: number | undefined, text: string): void {
  if (log === undefined) return
  try {
    writeSync(log, text)
  } catch (error) {
    if (errnoOf(error) === undefined) throw error
  }
}

function endEarlierHooks({ id, attempt }: Ended): void {
  const marked = processesWith([`RQ_MSG_ID=${id}`, `RQ_ATTEMPT=${attempt}`], 0)
  for (const { pid } of marked)
    if (environmentOf(pid, 'RQ_HOOK') !== undefined && isOfThisQueue(pid)) signalProcess(pid, 'SIGKILL')
}
