/**
 * The protocol, driven from plain sh: mkdir, mv, ln, printf and touch beside a daemon, no rqd in between. Each file
 * of checks/ is one test, named by its first line. docs/PROTOCOL.md is what they check.
 */
import { execFile, execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, test } from 'vitest'
import { type Daemon, startDaemon, tempRoot } from '../helpers/daemon.ts'

const LIB = fileURLToPath(new URL('lib.sh', import.meta.url))
const FOLDER = fileURLToPath(new URL('checks', import.meta.url))
const CHECKS = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.sh'))
  .map((file) => ({ name: file.slice(0, -3), text: readFileSync(join(FOLDER, file), 'utf8') }))

/** What changes a whole root has one for itself. */
const OWN_ROOT = /^root-/

let shared: Daemon
beforeAll(async () => {
  shared = await startDaemon(tempRoot())
}, 30_000)

test('each check says in its first line what it checks, and calls no program of ours', () => {
  for (const { name, text } of CHECKS) {
    expect(text, name).toMatch(/^# .{20,120}[.]\n/)
    expect(text, name).not.toMatch(/(^|[;&|(]\s*)(rq|rqd|node)\s/m)
  }
})

describe('the protocol', () => {
  test.concurrent.each(CHECKS.map(({ name, text }) => [titleOf(text), name] as const))(
    '%s',
    async (_title, name) => {
      const daemon = OWN_ROOT.test(name) ? await startDaemon(tempRoot()) : shared
      const { code, said } = await run(name, daemon.root)
      if (code !== 0) throw new Error(`${name}.sh: ${said}\n${picture(join(daemon.root, 'queue', name))}`)
      if (daemon !== shared) await daemon.stop()
    },
    60_000,
  )
})

function titleOf(text: string): string {
  return text.slice(2, text.indexOf('\n')).replaceAll('%', '%%')
}

function run(name: string, root: string): Promise<{ code: number; said: string }> {
  const env = { ...process.env, LIB, CHECK: name, RQ_ROOT: root, LC_ALL: 'C' }
  return new Promise((resolve) => {
    execFile('sh', [join(FOLDER, `${name}.sh`)], { env, cwd: root, timeout: 50_000 }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : 1, said: stderr + stdout }),
    )
  })
}

/** What is in a queue, for a check that failed. */
function picture(queue: string): string {
  return execFileSync(
    'sh',
    ['-c', 'find "$0"* | head -n 60; tail -n 15 "$0/_log"; cat "$0/_status.json"; true', queue],
    {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    },
  )
}
