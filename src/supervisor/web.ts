/** The process that serves the web: started, watched, started again. No queue waits for it. */
import { type ChildProcess, fork } from 'node:child_process'
import type { Millis } from '../domain/name.ts'
import { restartDelay } from '../domain/plan.ts'
import { type FromWeb, WEB_ENV, WEB_EXIT } from '../domain/web-protocol.ts'
import type { RqEvent } from '../log/events.ts'
import { errnoOf } from '../os/errno.ts'

/** It ran this long: its next failure is the first again. */
const HEALTHY_MS = 60_000
/** What it had refused, such as a port that was taken, it tries again so often. */
const REFUSED_RETRY_MS = 15_000
/** Whoever waits to be told where the web is waits no longer: the queues run already. */
const ANSWER_WITHIN_MS = 5_000
/** From TERM to KILL. */
const STOP_MS = 1_000

export interface WebOptions {
  readonly root: string
  readonly program: string
  readonly emit: (event: RqEvent) => void
}

export class Web {
  readonly #options: WebOptions
  #child: ChildProcess | undefined
  #timer: NodeJS.Timeout | undefined
  #failures = 0
  #isStopping = false
  #isOff = false
  /** Told to read its configuration anew. */
  #isStale = false
  /** What it said last is said once. */
  #refusal: string | undefined
  #answer: (word: FromWeb | undefined) => void = () => undefined
  /** What it said first; undefined when it said nothing for a while. */
  readonly answered: Promise<FromWeb | undefined>

  constructor(options: WebOptions) {
    this.#options = options
    this.answered = new Promise((resolve) => {
      this.#answer = resolve
      setTimeout(resolve, ANSWER_WITHIN_MS, undefined).unref()
    })
  }

  start(): void {
    clearTimeout(this.#timer)
    this.#isStale = false
    if (this.#isStopping || this.#child !== undefined) return
    const startedAt = performance.now()
    try {
      this.#child = fork(this.#options.program, [], {
        env: { ...process.env, [WEB_ENV.root]: this.#options.root },
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
        // Its own process group: Ctrl-C at a terminal is for the supervisor.
        detached: true,
      })
    } catch (error) {
      if (errnoOf(error) === undefined) throw error
      this.#again(`cannot fork: ${errnoOf(error)}`)
      return
    }
    const child = this.#child
    child.on('message', (word) => this.#heard(word as FromWeb))
    child.on('error', (error) => child.pid === undefined && this.#ended(child, startedAt, error.message))
    child.on('exit', (code, signal) => this.#ended(child, startedAt, signal === null ? code : `signal ${signal}`))
  }

  /** It reads its configuration anew by starting anew; browsers connect again by themselves. */
  reload(): void {
    this.#refusal = undefined
    this.#isOff = false
    this.#isStale = this.#child !== undefined
    if (this.#child === undefined) this.start()
    else this.#child.kill('SIGTERM')
  }

  /** Its port is free again when this returns. */
  async stop(): Promise<void> {
    this.#isStopping = true
    clearTimeout(this.#timer)
    const child = this.#child
    if (child?.pid === undefined) return
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGTERM')
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
    await ended
    clearTimeout(timer)
  }

  #heard(word: FromWeb): void {
    if (word.type === 'warning') {
      this.#options.emit({ kind: 'web-warning', text: word.text })
      return
    }
    if (word.type === 'listening') {
      this.#refusal = undefined
      this.#options.emit({ kind: 'web-listening', addresses: word.addresses })
    }
    if (word.type === 'refused' && word.why !== this.#refusal) {
      this.#refusal = word.why
      this.#options.emit({ kind: 'web-refused', why: word.why })
    }
    this.#isOff = word.type === 'off'
    this.#answer(word)
  }

  #ended(child: ChildProcess, startedAt: Millis, how: number | string | null): void {
    if (this.#child !== child) return
    this.#child = undefined
    if (performance.now() - startedAt > HEALTHY_MS) this.#failures = 0
    if (this.#isStopping || (this.#isOff && !this.#isStale)) return
    // It may have ended by itself just then: it starts anew all the same.
    if (how === WEB_EXIT.asked || this.#isStale) this.start()
    else if (how === WEB_EXIT.refused) this.#after(REFUSED_RETRY_MS)
    else this.#again(typeof how === 'number' ? `exit ${how}` : String(how))
  }

  #again(how: string): void {
    this.#failures += 1
    const restartMs = restartDelay(this.#failures, Math.random())
    this.#options.emit({ kind: 'web-ended', how, restartMs })
    this.#after(restartMs)
  }

  #after(ms: Millis): void {
    this.#timer = setTimeout(() => this.start(), ms)
    this.#timer.unref()
  }
}
