/** The server of the API killed, and refused, at each file-system call: who sends again until it answers has one item. */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { BIN, makeQueue } from '../helpers/daemon.ts'
import { visible } from '../helpers/rq.ts'
import { until } from '../helpers/until.ts'
import { newId } from '../helpers/worker.ts'
import { skipLoudly } from './mount.ts'
import { type Shot, shimUnavailable } from './shim.ts'
import { SWEEP_TIMEOUT_MS, sweepCalls } from './sweep-plan.ts'

const SERVER = join(BIN.rq, '../../dist/http.cjs')
const FILES = { 'a b.txt': 'one', large: 'two\n'.repeat(30_000) }

interface Form {
  readonly body: (id: string) => RequestInit
  /** Whether a directory of `que/` or a file of it is what was sent. */
  readonly check: (item: string) => void
}

const FORMS: Readonly<Record<string, Form>> = {
  'a message': {
    body: (id) => ({
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ id, params: { user: 42 } }),
    }),
    check: (item) => expect(JSON.parse(readFileSync(item, 'utf8'))).toEqual({ params: { user: 42 } }),
  },
  'an upload': {
    body: (id) => {
      const form = new FormData()
      form.set('message', JSON.stringify({ id, param1: 'x' }))
      for (const [name, text] of Object.entries(FILES)) form.append('file', new Blob([text]), name)
      return { body: form }
    },
    check: (item) => {
      expect(JSON.parse(readFileSync(join(item, 'msg'), 'utf8'))).toEqual({ param1: 'x' })
      const names = readdirSync(join(item, 'attach'))
      expect(Object.fromEntries(names.map((name) => [name, readFileSync(join(item, 'attach', name), 'utf8')]))).toEqual(
        FILES,
      )
    },
  },
}

describe.skipIf(skipLoudly('sweeps', shimUnavailable()))(
  'what is sent to the API again and again until it answers',
  () => {
    const table = Object.keys(FORMS).flatMap((form) =>
      (['kill', 'ENOSPC', 'EIO'] as const).map((fault) => [form, fault] as const),
    )
    test.each(table)('is one item: %s, %s at each call', { timeout: SWEEP_TIMEOUT_MS }, async (name, fault) => {
      const form = FORMS[name]
      if (form === undefined) throw new Error(name)
      const hits = await sweepCalls({ do: fault }, { every: 31, eachKind: true, atOnce: 2 }, (shot) =>
        round(form, shot),
      )
      expect(hits).toBeGreaterThan(3)
    })
  },
)

async function round(form: Form, shot: Shot): Promise<void> {
  const root = join(shot.dir, 'root')
  const que = join(makeQueue(root, 'q'), 'que')
  const id = newId()
  const servers: ChildProcess[] = []
  try {
    let web = await serve(root, shot.env(join(root, 'queue')))
    servers.push(web.child)
    for (let tries = 1; ; tries += 1) {
      const status = await send(web, form.body(id))
      if (status === 200) break
      expect(tries, `it answers ${status} again and again`).toBeLessThan(5)
      if (status !== undefined) continue
      await until(() => web.child.exitCode !== null || web.child.signalCode !== null, 10_000, 'it was killed')
      // Its successor is not under the fault.
      web = await serve(root, {})
      servers.push(web.child)
    }
    const [item, ...others] = readdirSync(que)
    expect([others, visible(join(root, 'queue', 'q'), 'prep')]).toEqual([[], []])
    expect(item?.startsWith(id), item).toBe(true)
    form.check(join(que, item ?? ''))
  } finally {
    for (const server of servers) server.kill('SIGKILL')
  }
}

interface Served {
  readonly child: ChildProcess
  readonly url: string
  readonly token: string
}

async function serve(root: string, env: NodeJS.ProcessEnv): Promise<Served> {
  const said = join(root, '_web.json')
  rmSync(said, { force: true })
  const child = spawn(process.execPath, [SERVER], {
    env: { ...process.env, RQD_ROOT: root, RQD_HTTP: '127.0.0.1:0', ...env },
    stdio: 'ignore',
  })
  await until(() => existsSync(said), 20_000, 'it serves')
  const { addresses } = JSON.parse(readFileSync(said, 'utf8')) as { readonly addresses: readonly string[] }
  return { child, url: addresses[0] ?? '', token: readFileSync(join(root, '_token'), 'utf8').trim() }
}

/** The status, or undefined where there was no answer. */
async function send({ url, token }: Served, { headers, body }: RequestInit): Promise<number | undefined> {
  try {
    const response = await fetch(`${url}/api/v1/queues/q/items`, {
      ...{ method: 'POST', body: body ?? null },
      headers: { ...(headers as Record<string, string>), authorization: `Bearer ${token}` },
    })
    const answer = (await response.json()) as { readonly detail?: string }
    if (response.status !== 200) expect(answer.detail, 'a refusal in words, not a bug').not.toMatch(/^\s+at /m)
    return response.status
  } catch (error) {
    // fetch throws it where the connection broke.
    if (error instanceof TypeError) return undefined
    throw error
  }
}
