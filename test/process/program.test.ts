/** Programs beside the slots: every byte reaches them, and nothing of them stays. */
import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { runProgram } from '../../src/os/program.ts'
import { tempRoot } from '../helpers/daemon.ts'
import { until } from '../helpers/until.ts'

const bytes = fc
  .array(
    fc.oneof(
      fc.constantFrom(...'\'"\\$`\n\r\t !*?[]{}()<>|&;#~=%^x'),
      fc.constantFrom('\\0101', '%s', '$(id)', '-n', 'é'),
      fc.integer({ min: 1, max: 255 }).map((code) => String.fromCharCode(code)),
    ),
    { maxLength: 30 },
  )
  .map((parts) => parts.join(''))

const base = { cwd: '/', env: { PATH: process.env['PATH'] ?? '' }, timeoutMs: 30_000 }

test('words reach a program byte by byte, text or not', async () => {
  const file = join(tempRoot(), 'words')
  await fc.assert(
    fc.asyncProperty(fc.array(bytes, { minLength: 1, maxLength: 20 }), async (words) => {
      const output = openSync(file, 'w')
      const argv = ['sh', '-c', 'printf "%s\\0" "$@"', 'sh', ...words]
      expect(await runProgram({ ...base, argv, output })).toEqual({ kind: 'exited', code: 0, stderr: '' })
      closeSync(output)
      expect(readFileSync(file, 'latin1').split('\0').slice(0, -1)).toEqual(words)
    }),
    { numRuns: 60 },
  )
})

const sh = (script: string) => ['sh', '-c', script]

test('its end is told: exit, signal, time, or that it could not begin', async () => {
  const ends = [
    await runProgram({ ...base, argv: sh('echo why >&2; exit 3') }),
    await runProgram({ ...base, argv: sh('kill -9 $$') }),
    await runProgram({ ...base, argv: sh('sleep 1000'), timeoutMs: 50 }),
    await runProgram({ ...base, argv: ['/no/such/program'] }),
    await runProgram({ ...base, argv: sh('exit 0'), cwd: '/no/such/directory' }),
    await runProgram({ ...base, argv: ['true', 'x'.repeat(200_000)] }),
  ]
  expect(ends).toEqual([
    { kind: 'exited', code: 3, stderr: 'why\n' },
    { kind: 'exited', code: 137, stderr: '' },
    { kind: 'timeout' },
    { kind: 'failed', why: 'ENOENT' },
    { kind: 'failed', why: 'ENOENT' },
    { kind: 'failed', why: 'E2BIG' },
  ])
})

test('input that it does not read, and output without end, harm nobody', async () => {
  const argv = sh('yes 0123456789 | head -c 5000000 >&2; exit 4')
  const end = await runProgram({ ...base, argv, input: 'x'.repeat(5_000_000) })
  expect(end).toMatchObject({ kind: 'exited', code: 4 })
  expect(end.kind === 'exited' && end.stderr.length).toBe(8192)
})

test('what it left behind ends with it, though it holds our pipe', async () => {
  const end = await runProgram({ ...base, argv: sh('sleep 1000 & echo $! >&2') })
  const pid = Number(end.kind === 'exited' && end.stderr.trim())
  expect(pid).toBeGreaterThan(0)
  await until(() => {
    const stat = (() => {
      try {
        return readFileSync(`/proc/${pid}/stat`, 'latin1')
      } catch {
        // It is gone.
        return undefined
      }
    })()
    return stat === undefined || stat.includes(') Z ')
  })
})

test('it is ended at once when nobody waits for it any more', async () => {
  const abort = new AbortController()
  const running = runProgram({ ...base, argv: sh('trap "" TERM; sleep 1000'), abort: abort.signal })
  abort.abort()
  expect(await running).toMatchObject({ kind: 'exited', code: 137 })
})
