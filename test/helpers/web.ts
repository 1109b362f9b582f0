/** A daemon that serves the web on a free port, and calls of its API. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Daemon, type DaemonOptions, startDaemon } from './daemon.ts'
import { until } from './until.ts'

export interface Web {
  readonly daemon: Daemon
  /** `http://127.0.0.1:PORT`, with the prefix if there is one. */
  readonly url: string
  readonly token: string
  /** With the token, unless the headers say otherwise. */
  fetch(path: string, init?: RequestInit): Promise<Response>
  /** The `value` of a JSON answer; throws when it is a refusal. */
  get(path: string): Promise<unknown>
  /** A change with a JSON body. */
  send(method: string, path: string, body?: unknown): Promise<Response>
}

export async function startWeb(root: string, options: DaemonOptions = {}): Promise<Web> {
  const daemon = await startDaemon(root, { ...options, env: { RQD_HTTP: '127.0.0.1:0', ...options.env } })
  const url = await addressOf(daemon)
  const token = readFileSync(join(root, '_token'), 'utf8').trim()
  const call = (path: string, init: RequestInit = {}) =>
    fetch(`${url}${path}`, { ...init, headers: { authorization: `Bearer ${token}`, ...init.headers } })
  return {
    daemon,
    url,
    token,
    fetch: call,
    get: async (path) => {
      const response = await call(`/api/v1${path}`)
      if (!response.ok) throw new Error(`GET ${path}: ${response.status} ${await response.text()}`)
      return ((await response.json()) as { value: unknown }).value
    },
    send: (method, path, body) =>
      call(`/api/v1${path}`, {
        method,
        ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
      }),
  }
}

/** The newest address that a daemon said it serves on. */
export async function addressOf(daemon: Daemon): Promise<string> {
  let addresses: unknown
  await until(
    () => {
      addresses = daemon.events().findLast((event) => event['kind'] === 'web-listening')?.['addresses']
      return addresses !== undefined
    },
    15_000,
    () => `the web is served; the daemon said:\n${daemon.stderr()}`,
  )
  return (addresses as string[])[0] ?? ''
}
