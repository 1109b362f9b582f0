/** `$ROOT/_audit`: every change that was asked for over the web, and every failed sign-in. JSON, one object a line. */
import { randomBytes } from 'node:crypto'
import { closeSync, constants, fstatSync, openSync, renameSync, statSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { AUDIT_FILE, AUDIT_OLD_FILES, type AuditAsked, type AuditLine, auditable } from '../domain/audit.ts'
import { isRecord } from '../domain/json.ts'
import { errnoOf } from '../os/errno.ts'
import { kindsOf, sendRefusal } from './problem.ts'
import { callerOf, SAFE_METHODS } from './request.ts'
import type { Caller } from './roles.ts'
import { ROUTES, type Route } from './routes.ts'

/** Then it becomes `_audit.1`. Bytes. */
const ROTATE_AT = 10 * 1024 * 1024
/** So many failed sign-ins and refusals are written down each minute; of more only their number, or they would push out all else. */
const FAILURES_A_MINUTE = 60
const MINUTE = 60_000

export class Audit {
  readonly #path: string
  #fd: number | undefined
  #isTorn = false
  #minute = 0
  #failures = 0

  constructor(root: string) {
    this.#path = join(root, AUDIT_FILE)
  }

  /** False when it could not be written. */
  write(line: AuditLine): boolean {
    try {
      this.#append(`${JSON.stringify(line)}\n`)
      return true
    } catch (error) {
      if (errnoOf(error) === undefined) throw error
      this.#close()
      process.stderr.write(
        `${JSON.stringify({ level: 'error', kind: 'web-audit', text: `${this.#path} cannot be written: ${errnoOf(error)}` })}\n`,
      )
      return false
    }
  }

  failedSignIn(request: FastifyRequest, user: string | undefined, status: number): void {
    this.#writeSome({ ...askedBy(request, undefined), who: user?.slice(0, 64) ?? null, verb: 'sign-in' }, status)
  }

  /** A change that was not even begun: a page of another site asked for it, for one. */
  refused(request: FastifyRequest, status: number): void {
    this.#writeSome(askedBy(request, callerOf(request)), status)
  }

  /** What strangers can cause as often as they like. */
  #writeSome(entry: AuditAsked, status: number): void {
    const minute = Math.floor(Date.now() / MINUTE)
    const missed = minute === this.#minute ? 0 : Math.max(0, this.#failures - FAILURES_A_MINUTE)
    this.#failures = minute === this.#minute ? this.#failures + 1 : 1
    this.#minute = minute
    if (this.#failures > FAILURES_A_MINUTE) return
    this.write({ ...entry, ...(missed === 0 ? {} : { what: { more_before: missed } }), status })
  }

  #append(line: string): void {
    this.#fd ??= openSync(
      this.#path,
      constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND | constants.O_NOFOLLOW | constants.O_NONBLOCK,
      0o600,
    )
    const stat = fstatSync(this.#fd)
    if (!stat.isFile()) throw Object.assign(new Error(`${this.#path} is no file`), { code: 'EINVAL' })
    // Somebody moved it away, or it is full: there is another after it.
    const isOurs = statSync(this.#path, { throwIfNoEntry: false })?.ino === stat.ino
    if (!isOurs || stat.size >= ROTATE_AT) {
      this.#close()
      if (isOurs) this.#rotate()
      this.#append(line)
      return
    }
    const bytes = Buffer.from(this.#isTorn ? `\n${line}` : line)
    const written = writeSync(this.#fd, bytes)
    this.#isTorn = written < bytes.length
    if (this.#isTorn) throw Object.assign(new Error('disk full'), { code: 'ENOSPC' })
  }

  #rotate(): void {
    const name = (n: number) => (n === 0 ? this.#path : `${this.#path}.${n}`)
    for (let n = AUDIT_OLD_FILES - 1; n >= 0; n--) {
      try {
        renameSync(name(n), name(n + 1))
      } catch (error) {
        if (errnoOf(error) !== 'ENOENT') throw error
      }
    }
  }

  #close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd)
    this.#fd = undefined
  }
}

const asked = new WeakMap<FastifyRequest, AuditAsked>()

/** What is not written down is not done. */
export function addAudit(scope: FastifyInstance, audit: Audit): void {
  scope.addHook('preHandler', async (request, reply) => {
    const caller = callerOf(request)
    if (SAFE_METHODS.has(request.method) || caller === undefined) return undefined
    const entry = { ...askedBy(request, caller), ...whatOf(request) }
    if (!audit.write(entry))
      return sendRefusal(
        reply,
        'unavailable',
        'the audit log cannot be written, so nothing is changed: see the log of rqd',
      )
    asked.set(request, entry)
    return undefined
  })
  scope.addHook('onSend', async (request, reply) => {
    const entry = asked.get(request)
    if (entry === undefined) {
      if (reply.statusCode === 403 && !SAFE_METHODS.has(request.method)) audit.refused(request, reply.statusCode)
      return
    }
    asked.delete(request)
    const problems = kindsOf(reply)
    audit.write({
      of: entry.id,
      time: new Date().toISOString(),
      status: reply.statusCode,
      ...(problems.length === 0 ? {} : { problems }),
    })
  })
}

function askedBy(request: FastifyRequest, caller: Caller | undefined): AuditAsked {
  return {
    id: randomBytes(6).toString('base64url'),
    time: new Date().toISOString(),
    who: caller?.name ?? null,
    role: caller?.role ?? null,
    from: request.socket.remoteAddress === undefined ? 'socket' : request.ip,
    method: request.method,
    path: (request.url.split('?')[0] ?? '').slice(0, 512),
  }
}

function whatOf(request: FastifyRequest): Pick<AuditAsked, 'verb' | 'what'> {
  const { method, routeOptions } = request
  const path = (routeOptions.url ?? '').split('/api/v1')[1] ?? ''
  const verb = VERB_OF.get(`${method} ${path}`)
  const given = { ...record(request.params), ...record(request.query), ...record(request.body) }
  return {
    ...(verb === undefined ? {} : { verb }),
    ...(Object.keys(given).length === 0 ? {} : { what: auditable(given) }),
  }
}

/** A body that comes as a stream is none. */
function record(value: unknown): Readonly<Record<string, unknown>> {
  return isRecord(value) && !(value instanceof Readable) ? value : {}
}

const VERB_OF: ReadonlyMap<string, string> = new Map(
  Object.entries(ROUTES).flatMap(([verb, routes]: [string, readonly Route[]]) =>
    routes.map(({ method, path }) => [`${method} ${path}`, verb] as const),
  ),
)
