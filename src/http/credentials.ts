/** Who is calling: by the root's token, by a user's name and password, or by the cookie that signing in gave. */
import { createHmac, randomBytes } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import { fitsPassword, LONGEST_PASSWORD } from '../config/password.ts'
import type { Millis } from '../domain/name.ts'
import type { Audit } from './audit.ts'
import { LoginLimit } from './login-limit.ts'
import type { Caller } from './roles.ts'
import type { Secrets } from './secrets.ts'
import { callerNamed, isSame, TOKEN_CALLER } from './sessions.ts'

/** A program that gives its password with each request pays for the hash once in this time. */
const REMEMBERED: Millis = 10 * 60_000
const MOST_REMEMBERED = 1_000

export type Attempt =
  | { readonly kind: 'caller'; readonly caller: Caller }
  | { readonly kind: 'wrong' }
  /** Milliseconds. */
  | { readonly kind: 'wait'; readonly wait: Millis }

export class Credentials {
  readonly #secrets: Secrets
  readonly #audit: Audit
  readonly #limit = new LoginLimit()
  readonly #key = randomBytes(32)
  /** Marks of right passwords, and until when. */
  readonly #remembered = new Map<string, Millis>()

  constructor(secrets: Secrets, audit: Audit) {
    this.#secrets = secrets
    this.#audit = audit
  }

  /** The right one is let in at any time, whoever else was wrong: nobody can guess it, and nobody shall lock its owner out. */
  byToken(request: FastifyRequest, given: string): Attempt {
    const token = this.#secrets.token()
    if (isSame(given, token ?? '') && token !== undefined) return { kind: 'caller', caller: TOKEN_CALLER }
    const now = Date.now()
    const wait = this.#limit.wait(addressOf(request), undefined, now)
    if (wait > 0) return { kind: 'wait', wait }
    this.#limit.begin(addressOf(request), undefined, now)
    this.#audit.failedSignIn(request, undefined, 401)
    return { kind: 'wrong' }
  }

  async byPassword(request: FastifyRequest, name: string, password: string): Promise<Attempt> {
    const user = this.#secrets.user(name)
    const now = Date.now()
    const mark = createHmac('sha256', this.#key)
      .update(JSON.stringify([name, password, user?.password]))
      .digest('hex')
    const address = addressOf(request)
    const wait = this.#limit.wait(address, name, now)
    // Also of the right one: else who has to wait could go on guessing, and see which one is let in.
    if (wait > 0) return { kind: 'wait', wait }
    if ((this.#remembered.get(mark) ?? 0) > now) return this.#signedIn(name)
    this.#limit.begin(address, name, now)
    const fits = password.length <= LONGEST_PASSWORD && (await fitsPassword(password, user?.password))
    if (fits === 'busy') return { kind: 'wait', wait: 1_000 }
    if (!fits) {
      this.#audit.failedSignIn(request, name, 401)
      return { kind: 'wrong' }
    }
    this.#limit.succeeded(address, name, Date.now())
    this.#remember(mark, now + REMEMBERED)
    return this.#signedIn(name)
  }

  #signedIn(name: string): Attempt {
    const caller = callerNamed(this.#secrets, name)
    return caller === undefined ? { kind: 'wrong' } : { kind: 'caller', caller }
  }

  #remember(mark: string, until: Millis): void {
    this.#remembered.set(mark, until)
    if (this.#remembered.size <= MOST_REMEMBERED) return
    const [oldest] = this.#remembered.keys()
    if (oldest !== undefined) this.#remembered.delete(oldest)
  }
}

function addressOf(request: FastifyRequest): string {
  return request.socket.remoteAddress === undefined ? 'socket' : request.ip
}
