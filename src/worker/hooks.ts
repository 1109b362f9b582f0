/** The executables in the queue's `hooks/`: which there are, whether they can be run, and queue_empty (docs/HOOKS.md). */
import { HOOKS, type Hook } from '../domain/hooks.ts'
import type { Millis } from '../domain/name.ts'
import { isVisible } from '../domain/name.ts'
import { type BytePath, look, names, stateDir } from '../fsqueue/place.ts'
import { scanPages } from '../fsqueue/scan.ts'
import { watchNames } from '../fsqueue/watch.ts'
import { checkHandler, type HandlerCheck } from '../launch/handler.ts'
import type { Identity } from '../launch/run-as.ts'
import { type ProgramEnd, runProgram } from '../os/program.ts'
import { identityFor } from './admin.ts'
import type { Ended } from './run.ts'
import type { Worker } from './worker.ts'

const HOOKS_DIR = 'hooks'
const LOOK_AGAIN: Millis = 1000
const MEND_AGAIN: Millis = 5000
const AFTER: readonly Hook[] = ['success', 'error', 'give_up', 'after']

export class Hooks {
  readonly #worker: Worker
  /** Empty in a queue without hooks/, and then nothing is looked at again until something is said to have changed. */
  #present: ReadonlyMap<Hook, HandlerCheck> = new Map()
  #isThere = false
  #lookedAt: Millis = 0
  #watch: { close(): void } | undefined
  /** Something ran since queue_empty was last asked for. */
  #hasWorked = false
  #isEmptying = false
  readonly #leaving = new AbortController()

  constructor(worker: Worker) {
    this.#worker = worker
  }

  /** hooks/ may have changed. */
  look(): void {
    const found = new Set<string>(names(HOOKS_DIR as BytePath))
    const uid = this.#worker.identity.owner?.uid ?? 0
    this.#present = new Map(
      HOOKS.filter((hook) => found.has(hook)).map((hook) => [hook, checkHandler(hookPath(hook), uid)]),
    )
    this.#lookedAt = Date.now()
    // Watched also while it is empty: what comes into it makes no event in the queue's own directory.
    const isThere = look(HOOKS_DIR as BytePath) !== undefined
    if (this.#isThere === isThere) return
    this.#isThere = isThere
    this.#watch?.close()
    const { emit } = this.#worker.options
    // Without a watch it is looked at each second while there is work.
    this.#watch = this.#isThere
      ? watchNames(
          HOOKS_DIR as BytePath,
          () => this.#changed(),
          ({ operation, path, code }) => emit({ kind: 'disk-trouble', operation, path, code }),
        )
      : undefined
  }

  #changed(): void {
    this.look()
    this.#worker.pump()
  }

  /** A change of mode makes no event that can be relied on: what is there is looked at again, once a second. */
  check(hook: Hook): HandlerCheck | undefined {
    if (!this.#isThere) return undefined
    const age = Date.now() - this.#lookedAt
    if (age >= LOOK_AGAIN || age < 0) this.look()
    return this.#present.get(hook)
  }

  /** Does anything follow the end of this attempt? */
  areWanted(ended: Ended): boolean {
    if (!this.#isThere || ended.attempt === 0 || ended.outcome.kind === 'refused') return false
    return AFTER.some((hook) => this.check(hook) !== undefined)
  }

  /** What keeps items waiting: the handler, or a hook that was put there to be asked and cannot be run. */
  broken(now: Millis): { readonly problem: string; readonly until: Millis } | undefined {
    const handler = this.#worker.handler.broken(this.#worker.command, now)
    if (handler !== undefined) return handler
    const check = this.check('before')
    return check?.kind === 'broken' ? { problem: check.problem, until: now + MEND_AGAIN } : undefined
  }

  fails(hook: Hook): boolean {
    this.look()
    return this.#present.get(hook)?.kind === 'broken'
  }

  /** The worker leaves: what still runs had its time. */
  abandon(): void {
    this.#leaving.abort()
  }

  get isBusy(): boolean {
    return this.#isEmptying
  }

  /** After every turn. Once for each time that there was work and there is none any more. */
  rested(): void {
    if (!this.#isThere) return
    if (this.#worker.runs.isBusy) {
      this.#hasWorked = true
      return
    }
    if (!this.#hasWorked || this.#isEmptying || !this.#worker.isIdle || this.#worker.stopping !== undefined) return
    const check = this.check('queue_empty')
    if (check === undefined || !this.#isEmpty()) return
    this.#hasWorked = false
    if (check.kind === 'broken') this.failed('queue_empty', undefined, check.problem)
    else void this.#emptied()
  }

  /** Also of what is due later. */
  #isEmpty(): boolean {
    for (const page of scanPages(stateDir(this.#worker.options.queue, 'que'))) if (page.some(isVisible)) return false
    return true
  }

  async #emptied(): Promise<void> {
    this.#isEmptying = true
    const { identity, config } = this.#worker
    const end = await runProgram({
      argv: [...identity.prefix, ...config.execPrefix, `./${hookPath('queue_empty')}`],
      cwd: '.',
      env: { ...this.#worker.environment(), RQ_HOOK: 'queue_empty' },
      timeoutMs: config.hooks.timeout,
      abort: this.#leaving.signal,
    })
    this.#isEmptying = false
    const problem = hookProblem(end)
    if (problem !== undefined) this.failed('queue_empty', undefined, problem)
    this.#worker.pump()
  }

  failed(hook: Hook, id: string | undefined, problem: string): void {
    this.#worker.options.emit({ kind: 'hook-failed', hook, ...(id === undefined ? {} : { id }), problem })
  }
}

/** Relative to the queue. */
export function hookPath(hook: Hook): string {
  return `${HOOKS_DIR}/${hook}`
}

/** undefined: it went well. */
export function hookProblem(end: ProgramEnd): string | undefined {
  switch (end.kind) {
    case 'timeout':
      return 'took too long, and was ended'
    case 'failed':
      return `could not be run: ${end.why}`
    case 'exited': {
      if (end.code === 0) return undefined
      const last = end.stderr.trim().split('\n').at(-1) ?? ''
      return `exit ${end.code}${last === '' ? '' : `: ${last.slice(0, 500)}`}`
    }
  }
}

/** As whom handlers and hooks run, by the configuration of now. */
export function takeIdentity(worker: Worker): Identity {
  worker.identity = identityFor(worker.config)
  worker.handler.uid = worker.identity.owner?.uid ?? 0
  worker.hooks.look()
  return worker.identity
}
