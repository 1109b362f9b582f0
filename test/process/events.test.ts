/** Events from logs: through rotation, torn lines and restarts, none twice and none lost; and `rq events` on a real daemon. */
import { spawn } from 'node:child_process'
import {
  appendFileSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fileSink } from '../../src/log/log.ts'
import { decodeCursor, encodeCursor } from '../../src/service/event-cursor.ts'
import type { LogEntry } from '../../src/service/event-log.ts'
import { EventTail, type TailOptions } from '../../src/service/event-tail.ts'
import { BIN, makeQueue, startDaemon, tempRoot } from '../helpers/daemon.ts'
import { rootWithQueue, rq } from '../helpers/rq.ts'
import { until } from '../helpers/until.ts'
import { openQueue } from '../helpers/worker.ts'

const ALL: TailOptions = { queues: [], kinds: [], begin: 'all' }
const NOON = Date.parse('2026-11-26T12:00:00Z')

function line(n: number, kind = 'item-started'): string {
  return `${JSON.stringify({ level: 'info', time: new Date(NOON + n).toISOString(), kind, n })}\n`
}

function tailOf(root: string, options: Partial<TailOptions> = {}): EventTail {
  return new EventTail(root, { ...ALL, ...options })
}

function numbers(events: readonly LogEntry[]): unknown[] {
  return events.map(({ n }) => n)
}

/** All that is there, in answers of this size. */
function drain(tail: EventTail, limit = 1000): unknown[] {
  const all: unknown[] = []
  for (;;) {
    const { events, more } = tail.poll(limit)
    all.push(...numbers(events))
    if (!more) return all
  }
}

describe('a tail', () => {
  it('tells each event once and in order, through rotations and restarts of its reader', () => {
    const step = fc.oneof(
      { weight: 6, arbitrary: fc.constant('write' as const) },
      { weight: 2, arbitrary: fc.constant('poll' as const) },
      fc.constantFrom('resume', 'torn', 'garbage'),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 7 }), (steps, limit) => {
        const { root, queue } = rootWithQueue()
        const path = join(queue, '_log')
        // Four lines a file.
        const write = (text: string) => {
          const sink = fileSink(path, 400)
          sink.write(text)
          sink.close()
        }
        let tail = tailOf(root)
        let written = 0
        let sinceRead = 0
        const told: unknown[] = []
        const read = () => {
          told.push(...drain(tail, limit))
          sinceRead = 0
        }
        for (const one of steps) {
          // More than one file behind, something is lost, and is to be.
          if (sinceRead >= 4) read()
          sinceRead += 1
          if (one === 'write') write(line(written++))
          else if (one === 'torn') write('{"level":"info","ti')
          else if (one === 'garbage') write('\nnothing\n[]\n')
          else if (one === 'poll') read()
          else {
            const after = decodeCursor(tail.cursor())
            if (after === undefined) throw new Error('the cursor is none')
            tail = tailOf(root, { after })
          }
          if (one === 'torn') write('\n')
        }
        read()
        expect(told).toEqual([...new Array(written).keys()])
        rmSync(root, { recursive: true })
      }),
      { numRuns: 60 },
    )
  })
  it('leaves a torn last line for later, and counts what is no event', () => {
    const { root, queue } = rootWithQueue()
    const whole = line(1)
    writeFileSync(join(queue, '_log'), `${line(0)}x\n{"kind":"unheard-of","time":"2026-11-26"}\n${whole.slice(0, 30)}`)
    const tail = tailOf(root)
    expect(tail.poll(10)).toMatchObject({
      events: [{ n: 0, queue: 'q', kind: 'item-started' }],
      skipped: 2,
      more: false,
    })
    expect(tail.poll(10)).toMatchObject({ events: [], skipped: 0 })
    appendFileSync(join(queue, '_log'), whole.slice(30))
    expect(numbers(tail.poll(10).events)).toEqual([1])
  })
  it('passes over a line without end, and goes on', () => {
    const { root, queue } = rootWithQueue()
    writeFileSync(join(queue, '_log'), `${'x'.repeat(3_000_000)}\n${line(1)}`)
    expect(drain(tailOf(root))).toEqual([1])
  })
  it('says when something was rotated away before it was read', async () => {
    const { root, queue } = rootWithQueue()
    const path = join(queue, '_log')
    const rotate = () => renameSync(path, `${path}.1`)
    writeFileSync(path, line(0))
    const tail = tailOf(root)
    tail.poll(10)
    for (const n of [1, 2, 3]) {
      // Inode numbers come again at once, and births differ by ticks of the clock. No log is full within one.
      const tick = Date.now() + 20
      await until(() => Date.now() > tick)
      rotate()
      writeFileSync(path, line(n))
    }
    const { events, gaps } = tail.poll(10)
    expect([numbers(events), gaps]).toEqual([[2, 3], 1])
  })
  it('begins anew with a log that was cut to nothing, and follows no link', () => {
    const { root, queue } = rootWithQueue()
    const path = join(queue, '_log')
    writeFileSync(path, line(0) + line(1))
    const tail = tailOf(root)
    tail.poll(10)
    truncateSync(path, 0)
    expect(numbers(tail.poll(10).events)).toEqual([])
    appendFileSync(path, line(2))
    expect(numbers(tail.poll(10).events)).toEqual([2])
    renameSync(path, join(root, 'elsewhere'))
    symlinkSync(join(root, 'elsewhere'), path)
    expect(tail.poll(10)).toMatchObject({ events: [], more: false })
  })
  it('has of several queues the order of time, and of each the order of its log', () => {
    const { root, queue } = rootWithQueue()
    const other = makeQueue(root, 'r')
    writeFileSync(join(queue, '_log'), [0, 20, 5, 40].map((n) => line(n)).join(''))
    writeFileSync(join(other, '_log'), [10, 30].map((n) => line(n)).join(''))
    expect(numbers(tailOf(root).poll(10).events)).toEqual([0, 10, 20, 5, 30, 40])
    const fair = tailOf(root)
    expect(drain(fair, 1).toSorted()).toEqual([0, 10, 20, 30, 40, 5])
  })
  it('notices queues that come, and forgets those that go', () => {
    const { root, queue } = rootWithQueue()
    const tail = tailOf(root, { begin: 'end' })
    writeFileSync(join(queue, '_log'), line(0))
    writeFileSync(join(makeQueue(root, 'new'), '_log'), line(1))
    expect(numbers(tail.poll(10).events)).toEqual([0, 1])
    rmSync(queue, { recursive: true })
    expect(numbers(tail.poll(10).events)).toEqual([])
    expect([...(decodeCursor(tail.cursor()) ?? []).keys()]).toEqual(['new'])
  })
  it('finds a time in logs of any length, also in the older one', () => {
    fc.assert(
      fc.property(fc.nat({ max: 3000 }), fc.nat({ max: 3000 }), fc.nat({ max: 3100 }), (count, split, since) => {
        const { root, queue } = rootWithQueue()
        const lines = Array.from({ length: count }, (_, n) => line(n))
        writeFileSync(join(queue, '_log.1'), lines.slice(0, split).join(''))
        writeFileSync(join(queue, '_log'), lines.slice(split).join(''))
        const wanted = Array.from({ length: count }, (_, n) => n).filter((n) => n >= since)
        expect(drain(tailOf(root, { begin: NOON + since }))).toEqual(wanted)
        rmSync(root, { recursive: true })
      }),
      { numRuns: 25 },
    )
  })
})

describe('a cursor', () => {
  it('is read as it was written', () => {
    const whole = fc.maxSafeNat()
    const position = fc.record({ inode: whole, born: whole, offset: whole })
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.tuple(fc.constantFrom('/', 'a', 'b 1', 'ü'), position), { selector: ([log]) => log }),
        (all) => {
          expect(decodeCursor(encodeCursor(new Map(all)))).toEqual(new Map(all))
        },
      ),
    )
  })
  it('that anybody made up is none, and no exception', () => {
    const valid = encodeCursor(new Map([['a', { inode: 1, born: 2, offset: 3 }]]))
    const bomb = encodeCursor(
      new Map(Array.from({ length: 60_000 }, (_, n) => [`q${n}`, { inode: 1, born: 1, offset: 1 }])),
    )
    for (const text of ['', '!', 'AAAA', valid.slice(1), valid.slice(0, -3), bomb, 'A'.repeat(2_000_000)])
      expect(decodeCursor(text)).toBeUndefined()
    fc.assert(fc.property(fc.base64String(), (text) => void decodeCursor(text)))
    for (const name of ['../x', '', '.hidden', 'a/b'])
      expect(decodeCursor(encodeCursor(new Map([[name, { inode: 1, born: 2, offset: 3 }]])))).toBeUndefined()
    expect(decodeCursor(encodeCursor(new Map([['a', { inode: 1, born: 2, offset: -3 }]])))).toBeUndefined()
  })
  it('of a place beyond the end, or in a line, loses no event that follows', () => {
    const { root, queue } = rootWithQueue()
    writeFileSync(join(queue, '_log'), line(0) + line(1))
    const tail = tailOf(root)
    tail.poll(10)
    const [position] = [...(decodeCursor(tail.cursor()) ?? []).values()]
    if (position === undefined) throw new Error('no position')
    const at = (offset: number) => tailOf(root, { after: new Map([['q', { ...position, offset }]]) })
    expect(drain(at(10))).toEqual([1])
    expect(drain(at(1_000_000))).toEqual([0, 1])
  })
})

describe('rq events', () => {
  it('tells what a daemon did, as JSON and in words, by kind and from where it was', async () => {
    const root = tempRoot()
    const queue = openQueue(makeQueue(root, 'q', '#!/bin/sh\nexit "$(cat "$1")"\n'))
    const daemon = await startDaemon(root)
    const first = queue.drop('0')
    await queue.settled(first)
    const told = async (...args: string[]) =>
      (await rq(root, ['events', '--json', ...args])).lines.map((one) => JSON.parse(one))
    const events = await until(async () => {
      const all = await told()
      return all.some(({ id }) => id === first) ? all : undefined
    })
    expect(events).toContainEqual(expect.objectContaining({ queue: 'q', kind: 'item-ended', id: first, to: 'done' }))
    const { cursor } = events.at(-1)
    const second = queue.drop('7')
    await queue.settled(second)
    const later = await until(async () => {
      const all = await told('--after', cursor, '--kind', 'item-ended')
      return all.length > 1 ? all : undefined
    })
    expect(later.map(({ id }) => id)).toEqual([second, undefined])
    const words = await rq(root, ['events', 'q', '--kind', 'item-ended'])
    expect(words.lines.at(-1)).toMatch(
      new RegExp(`^\\S+ \\S+  q  ${second} \\(attempt 1\\) → _err: fail: exit 7, after `),
    )
    await daemon.stop()
  })
  it('follows, and says at its end where it was', async () => {
    const root = tempRoot()
    const queue = openQueue(makeQueue(root, 'q'))
    const daemon = await startDaemon(root)
    const child = spawn(process.execPath, [BIN.rq, 'events', '--follow', '--json', '--root', root, '--since', '1m'])
    let said = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text
    })
    const closed = new Promise((resolve) => child.on('close', resolve))
    await until(() => said.includes('worker-started'))
    const ids = [queue.drop(), queue.drop()]
    await until(() => ids.every((id) => said.includes(id)))
    child.kill('SIGINT')
    await closed
    const lines = said
      .trimEnd()
      .split('\n')
      .map((one) => JSON.parse(one))
    for (const id of ids) expect(lines.filter((one) => one.kind === 'item-ended' && one.id === id)).toHaveLength(1)
    const again = await rq(root, ['events', '--json', '--after', lines.at(-1).cursor])
    for (const id of ids) expect(again.stdout).not.toContain(id)
    await daemon.stop()
  })
  it('reads the log of the daemon, too', async () => {
    const { root } = rootWithQueue()
    const at = new Date().toISOString()
    writeFileSync(
      join(root, 'rqd.log'),
      [
        { kind: 'daemon-started', root, pid: 1, queues: 2 },
        { kind: 'worker-retired', queue: 'q' },
        { kind: 'worker-retired', queue: 'r' },
      ]
        .map((event) => `${JSON.stringify({ level: 'info', time: at, ...event })}\n`)
        .join(''),
    )
    const all = await rq(root, ['events'])
    expect(all.lines.map((one) => one.slice(25))).toEqual([
      `rqd  daemon 1 started on ${root}, 2 queues`,
      'q  worker retired: it had nothing to do',
      'r  worker retired: it had nothing to do',
    ])
    expect((await rq(root, ['events', 'q'])).lines).toHaveLength(1)
  })
  it.each([
    [['--kind', 'item-endet'], 'did you mean item-ended?'],
    [['--after', 'x'], 'expected the cursor of an earlier call'],
    [['--since', 'x'], 'expected a duration'],
  ])('%j is refused', async (args, words) => {
    const { root } = rootWithQueue()
    expect(await rq(root, ['events', ...args])).toMatchObject({ code: 2, stderr: expect.stringContaining(words) })
  })
})

it('a thousand quiet queues are looked at by their inodes alone', () => {
  const root = tempRoot()
  for (let n = 0; n < 1000; n += 1) {
    const queue = join(root, 'queue', `queue-${n}`)
    mkdirSync(queue, { recursive: true })
    writeFileSync(join(queue, '_log'), line(n))
  }
  const tail = tailOf(root)
  expect(drain(tail)).toHaveLength(1000)
  const reads = () => Number(/^rchar: (\d+)$/m.exec(readFileSync('/proc/self/io', 'latin1'))?.[1])
  const before = reads()
  const begin = performance.now()
  for (let n = 0; n < 10; n += 1) expect(tail.poll(1000).events).toEqual([])
  const ms = (performance.now() - begin) / 10
  expect(reads() - before).toBeLessThan(200_000)
  console.log(`a poll of 1,000 quiet queues: ${ms.toFixed(1)} ms; its cursor: ${tail.cursor().length} characters`)
})
