import { execFileSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { fileSink, makeLog } from '../../src/log/log.ts'

const base = mkdtempSync(join(tmpdir(), 'rqd-log-'))
afterAll(() => rmSync(base, { recursive: true, force: true }))

function lines(path: string): unknown[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
}

describe('a log file', () => {
  test('holds one JSON object a line, with level and time', () => {
    const path = join(base, 'plain')
    const log = makeLog(fileSink(path))
    log.emit({ kind: 'item-ended', id: 'x', attempt: 1, to: 'done', verdict: 'done', exit: 0, text: 'a\n"b"' })
    log.emit({ kind: 'handler-broken', problem: 'p', retryMs: 1 })
    log.emit({ kind: 'item-started', id: 'x', attempt: 1, slot: 0 })
    expect(lines(path)).toEqual([
      {
        level: 'info',
        time: expect.stringMatching(/^\d{4}-.*Z$/),
        kind: 'item-ended',
        id: 'x',
        attempt: 1,
        to: 'done',
        verdict: 'done',
        exit: 0,
        text: 'a\n"b"',
      },
      { level: 'error', time: expect.anything(), kind: 'handler-broken', problem: 'p', retryMs: 1 },
    ])
  })

  test('is rotated by size, once', () => {
    const path = join(base, 'rotated')
    const log = makeLog(fileSink(path, 1000))
    for (let n = 0; n < 100; n += 1) log.emit({ kind: 'worker-stopped', why: `reason ${n}` })
    const kept = [...lines(`${path}.1`), ...lines(path)]
    expect(readFileSync(path).length).toBeLessThanOrEqual(1000)
    expect(readFileSync(`${path}.1`).length).toBeLessThanOrEqual(1000)
    expect(kept.at(-1)).toMatchObject({ why: 'reason 99' })
    expect(existsSync(`${path}.2`)).toBe(false)
  })

  test('that is moved away is begun anew', async () => {
    const path = join(base, 'moved')
    const sink = fileSink(path)
    sink.write('{"n":1}\n')
    renameSync(path, `${path}.old`)
    await new Promise((resolve) => setTimeout(resolve, 1100))
    sink.write('{"n":2}\n')
    expect(lines(path)).toEqual([{ n: 2 }])
    expect(lines(`${path}.old`)).toEqual([{ n: 1 }])
  })

  test('that cannot be written stops nobody, and says later what it lost', () => {
    const dir = join(base, 'absent')
    const path = join(dir, 'log')
    const sink = fileSink(path)
    sink.write('{"n":1}\n')
    sink.write('{"n":2}\n')
    mkdirSync(dir)
    sink.write('{"n":3}\n')
    expect(lines(path)).toEqual([{ level: 'warn', kind: 'log-lost', lines: 2 }, { n: 3 }])
  })

  test('is never a link, a directory or a FIFO', () => {
    const target = join(base, 'target')
    writeFileSync(target, '')
    symlinkSync(target, join(base, 'link'))
    mkdirSync(join(base, 'dir'))
    execFileSync('mkfifo', [join(base, 'fifo')])
    for (const name of ['link', 'dir', 'fifo']) fileSink(join(base, name)).write('{}\n')
    expect(readFileSync(target, 'utf8')).toBe('')
  })

  test('on a full disk: no line is torn', { skip: process.getuid?.() !== 0 }, () => {
    const mount = join(base, 'full')
    mkdirSync(mount)
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8k', 'none', mount])
    try {
      const path = join(mount, 'log')
      const sink = fileSink(path)
      for (let n = 0; n < 200; n += 1) sink.write(`${JSON.stringify({ n, pad: 'x'.repeat(60) })}\n`)
      truncateSync(path)
      sink.write('{"n":"after"}\n')
      sink.close()
      expect(lines(path)).toEqual([{ level: 'warn', kind: 'log-lost', lines: expect.any(Number) }, { n: 'after' }])
    } finally {
      execFileSync('umount', [mount])
    }
  })
})
