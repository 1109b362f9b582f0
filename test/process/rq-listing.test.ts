/** Looking: queues, ls, show, why, and how items are named. */
import { mkdirSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { bootId, processStat } from '../../src/os/process.ts'
import { VERBS } from '../../src/service/registry.ts'
import { makeQueue, tempRoot } from '../helpers/daemon.ts'
import { namesIn, rootWithQueue, rq } from '../helpers/rq.ts'

const ID = '20261122T101500.123456-x7f2k9'
const LATER = '20261122T101501.123456-a1b2c3-b.txt'
const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/

function drop(queue: string, name: string, state = 'que'): void {
  mkdirSync(join(queue, state), { recursive: true })
  writeFileSync(join(queue, state, name), 'payload')
}

function endedItem(queue: string, where: string, name: string, attempt: object): void {
  mkdirSync(join(queue, where, name), { recursive: true })
  writeFileSync(join(queue, where, name, 'msg'), JSON.stringify({ param1: 'x', attempts: [{ n: 1, ...attempt }] }))
}

async function json(root: string, ...args: string[]): Promise<unknown> {
  const said = await rq(root, [...args, '--json'])
  expect(said).toMatchObject({ code: 0, stderr: '' })
  return said.lines.length === 1 ? JSON.parse(said.stdout) : said.lines.map((line) => JSON.parse(line))
}

describe('rq queues', () => {
  it('counts what lies in each state', async () => {
    const { root, queue } = rootWithQueue()
    makeQueue(root, 'a b')
    drop(queue, 'x')
    drop(queue, 'y')
    drop(queue, '.hidden')
    drop(queue, 'z.tmp')
    endedItem(queue, 'done/20261122/1015', ID, {})
    endedItem(queue, 'done/20261121/0000', LATER, {})
    drop(queue, 'h', 'pause')
    writeFileSync(join(queue, '_paused'), '')
    mkdirSync(join(root, 'queue/.not-a-queue'))
    writeFileSync(join(root, 'queue/file'), '')
    const { queues } = (await json(root, 'queues')) as { queues: Record<string, unknown>[] }
    expect(queues.map(({ name }) => name)).toEqual(['a b', 'q'])
    expect(queues[1]).toEqual({
      name: 'q',
      counts: { que: 2, run: 0, pause: 1, _err: 0, done: 2, relayed: 0 },
      capped: [],
      paused: true,
      down: false,
      broken: null,
      config: null,
      disk: null,
      worker: null,
    })
    expect((await rq(root, ['queues'])).lines[2]).toMatch(/^q +2 +0 +1 +0 +2 +0 +paused$/)
  })
  it('says that no daemon runs, unless there is more to say', async () => {
    const { root, queue } = rootWithQueue()
    const state = async () => (await rq(root, ['queues'])).lines[1]?.split(/ {2,}/).at(-1)
    expect(await json(root, 'queues')).toMatchObject({ daemon: false })
    expect(await state()).toBe('no daemon')
    writeFileSync(join(root, '_paused'), '')
    expect(await state()).toBe('paused (all are)')
    writeFileSync(join(queue, '_down'), '')
    expect(await state()).toBe('down')
    rmSync(join(queue, '_down'))
    rmSync(join(root, '_paused'))
    daemon(root)
    expect(await json(root, 'queues')).toMatchObject({ daemon: true })
    expect(await state()).toBe('0')
    status(queue, {})
    expect(await state()).toBe('up')
    status(queue, { configProblem: 'config.json: slotz: is no known key' })
    expect(await state()).toBe('config: config.json: slotz: is no known key')
    expect((await rq(root, ['top'])).stdout).toContain('slotz: is no known key')
  })
  it('stops counting at ten thousand', async () => {
    const { root, queue } = rootWithQueue()
    for (let n = 0; n < 10_003; n += 1) drop(queue, `f${n}`)
    expect((await rq(root, ['queues'])).lines[1]).toMatch(/^q +10000\+ /)
  })
  it('of a root that is none says how to make one', async () => {
    const root = tempRoot()
    expect(await rq(root, ['queues'])).toMatchObject({ code: 0, stderr: expect.stringContaining('rq create') })
    expect(await rq(root, ['ls', 'q'])).toMatchObject({ code: 66, stderr: expect.stringContaining('rq create q') })
  })
})

describe('rq ls', () => {
  it('shows what is not finished, and what waits in the order in which it will run', async () => {
    const { root, queue } = rootWithQueue()
    drop(queue, `${LATER},p1,+tag`)
    drop(queue, ID)
    drop(queue, '20261122T101500.000000-zzzzzz,t4000000000,p0')
    drop(queue, 'held.txt', 'pause')
    endedItem(queue, '_err', '20261122T101500.000000-ffffff', {})
    endedItem(queue, 'done/20261122/1015', '20261122T101500.000000-dddddd', {})
    const { items, more, sorted } = (await json(root, 'ls', 'q')) as {
      items: Record<string, unknown>[]
      more: boolean
      sorted: boolean
    }
    expect(items.map(({ id, name, status }) => [id ?? name, status])).toEqual([
      [LATER, 'waiting'],
      [ID, 'waiting'],
      ['20261122T101500.000000-zzzzzz', 'scheduled'],
      ['held.txt', 'held'],
      ['20261122T101500.000000-ffffff', 'failed'],
    ])
    expect(items[0]).toEqual({
      queue: 'q',
      status: 'waiting',
      id: LATER,
      name: `${LATER},p1,+tag`,
      priority: 1,
      tags: ['tag'],
      created: '2026-11-22T10:15:01.123Z',
      due: null,
      finished: null,
      since: expect.stringMatching(ISO),
    })
    expect({ more, sorted }).toEqual({ more: false, sorted: true })
  })
  it.each([
    ['waiting', [ID]],
    ['scheduled', [LATER]],
    ['que', [ID, LATER]],
    ['held', ['h']],
    ['failed', []],
    ['done', ['20261122T101500.000000-dddddd', '20261122T101500.000000-cccccc']],
  ])('%s shows only these', async (state, names) => {
    const { root, queue } = rootWithQueue()
    drop(queue, ID)
    drop(queue, `${LATER},t4000000000`)
    drop(queue, 'h', 'pause')
    endedItem(queue, 'done/20261122/1015', '20261122T101500.000000-cccccc', {})
    endedItem(queue, 'done/20261122/1016', '20261122T101500.000000-dddddd', {})
    const said = await rq(root, ['ls', 'q', state, '--ids'])
    expect(said.lines.map((line) => line.replace('q/', ''))).toEqual(names)
  })
  it('counts the age from when an item came into its state, whatever its mtime says', async () => {
    const { root, queue } = rootWithQueue()
    drop(queue, ID, 'prep')
    utimesSync(join(queue, 'prep', ID), 1_000_000_000, 1_000_000_000)
    const before = Date.now() - 50
    renameSync(join(queue, 'prep', ID), join(queue, 'que', ID))
    const { items } = (await json(root, 'ls', 'q')) as { items: { since: string }[] }
    expect(Date.parse(items[0]?.since ?? '')).toBeGreaterThan(before)
    expect((await rq(root, ['ls', 'q'])).lines[1]).toMatch(/waiting +5 +\d+s$/)
  })
  it('shows what ended in one minute the last first', async () => {
    const { root, queue } = rootWithQueue()
    const ids = ['c', 'a', 'd', 'b'].map((letter) => `20261122T101500.000000-${letter.repeat(6)}`)
    for (const id of ids) {
      endedItem(queue, 'done/20261122/1015', id, {})
      await sleep(10)
    }
    endedItem(queue, 'done/20261122/1014', '20261122T101500.000000-eeeeee', {})
    const said = await rq(root, ['ls', 'q', 'done', '--ids'])
    expect(said.lines).toEqual([...ids.toReversed(), '20261122T101500.000000-eeeeee'])
  })
  it('shows what a running item last told', async () => {
    const { root, queue } = rootWithQueue()
    const item = join(queue, 'run', ID)
    mkdirSync(item, { recursive: true })
    const attempt = (told: string) => `#    \n# 1 1 boot -\nrqd_token=x\n#status\n${told}`
    writeFileSync(join(item, 'attempt.1'), attempt('run 90% of the attempt before\n'))
    writeFileSync(join(item, 'attempt.2'), attempt('run 10% begun\nrun 40% half way\nrun 50% not yet wri'))
    const { items } = (await json(root, 'ls', 'q', 'running')) as { items: object[] }
    expect(items).toMatchObject([{ id: ID, progress: { percent: 40, text: 'half way' } }])
    expect((await rq(root, ['ls', 'q', 'running'])).lines[1]).toMatch(/ 40% half way$/)
    writeFileSync(join(item, 'attempt.2'), attempt(`run ${'x'.repeat(500)}\x1b[2J\n`))
    expect((await rq(root, ['ls', 'q', 'running'])).lines[1]).toMatch(/ x{79}\u2026$/)
    writeFileSync(join(item, 'attempt.2'), '')
    expect((await rq(root, ['ls', 'q', 'running'])).lines[1]).toMatch(/ \d+s$/)
  })
  it('shows the first rows of a huge directory without having read it', async () => {
    const { root, queue } = rootWithQueue()
    for (let n = 0; n < 20_001; n += 1) drop(queue, `f${String(n).padStart(5, '0')}`)
    drop(queue, 'first,p0')
    const quick = (await json(root, 'ls', 'q', 'que', '-n', '3')) as {
      items: unknown[]
      more: boolean
      sorted: boolean
    }
    expect({ ...quick, items: quick.items.length }).toMatchObject({ items: 3, more: true, sorted: false })
    const sorted = (await json(root, 'ls', 'q', 'que', '-n', '1', '--sort', 'order')) as { items: { name: string }[] }
    expect(sorted.items[0]?.name).toBe('first,p0')
  })
  it('knows the state that is meant', async () => {
    const { root } = rootWithQueue()
    expect(await rq(root, ['ls', 'q', 'faild'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('did you mean failed?'),
    })
    expect(await rq(root, ['ls', 'Q'])).toMatchObject({
      code: 66,
      stderr: expect.stringContaining('did you mean "q"?'),
    })
  })
  it('writes no control character, whatever names are', async () => {
    const { root, queue } = rootWithQueue()
    drop(queue, 'esc\x1b[2J\r\nbell\x07')
    for (const args of [
      ['ls', 'q'],
      ['ls', 'q', '--ids'],
      ['ls', 'q', '--json'],
      ['show', 'q/esc\x1b[2J\r\nbell\x07'],
      ['hold', 'no\x1bsuch'],
    ]) {
      const { stdout, stderr } = await rq(root, args)
      expect(stdout + stderr).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f]/)
    }
  })
})

describe('an item', () => {
  it('is found in any queue and state by its id, a part of it, or its dropped name', async () => {
    const { root, queue } = rootWithQueue()
    const other = makeQueue(root, 'other')
    drop(queue, `${ID},p1`)
    endedItem(other, 'done/20261122/1015', LATER, {})
    drop(other, 'my report.csv')
    for (const [ref, where] of [
      [ID, ['q', 'waiting']],
      ['x7f2k9', ['q', 'waiting']],
      ['101500.1', ['q', 'waiting']],
      [`q/x7f2k9`, ['q', 'waiting']],
      [LATER, ['other', 'done']],
      ['b.txt', ['other', 'done']],
      ['my report.csv', ['other', 'waiting']],
      ['other/my report.csv', ['other', 'waiting']],
    ] as const) {
      const shown = (await json(root, 'show', ref)) as { queue: string; status: string }
      expect([ref, [shown.queue, shown.status]]).toEqual([ref, where])
    }
  })
  it('that is not there is 66, and the near one is named', async () => {
    const { root, queue } = rootWithQueue()
    drop(queue, ID)
    drop(queue, 'report.csv')
    for (const [ref, near] of [
      ['x7f2k8', ID],
      ['20261122T101500.123456-x7f2kk', ID],
      ['reprot.csv', 'report.csv'],
    ] as const) {
      expect(await rq(root, ['show', ref])).toMatchObject({
        code: 66,
        stderr: `rq: no item "${ref}": did you mean ${near}?\n`,
      })
    }
    expect(await rq(root, ['show', 'nothing like it'])).toMatchObject({
      code: 66,
      stderr: 'rq: no item "nothing like it"\n',
    })
    expect(await rq(root, ['show', 'qq/x'])).toMatchObject({
      code: 66,
      stderr: expect.stringContaining('did you mean "q"?'),
    })
  })
  it('that may be one of several is 2, and they are named', async () => {
    const { root, queue } = rootWithQueue()
    drop(queue, ID)
    drop(queue, LATER)
    const said = await rq(root, ['hold', '20261122T1015'])
    expect(said).toMatchObject({ code: 2, stdout: '' })
    expect(said.stderr).toContain(`q/${ID} (in que)`)
    expect(said.stderr).toContain(`q/${LATER} (in que)`)
    expect(namesIn(queue, 'que')).toHaveLength(2)
  })
})

describe('rq show', () => {
  it('shows the message, the attempts and where it lies', async () => {
    const { root, queue } = rootWithQueue()
    endedItem(queue, '_err', ID, { verdict: 'fail', to: '_err', exit: 3, text: 'exit 3' })
    expect(await json(root, 'show', ID)).toMatchObject({
      status: 'failed',
      path: `${queue}/_err/${ID}`,
      form: 'directory',
      msg: { param1: 'x' },
      attempts: [{ n: 1, verdict: 'fail', exit: 3 }],
      progress: null,
      has_log: false,
      has_result: false,
    })
    expect((await rq(root, ['show', ID])).stdout).toMatch(/attempt 1 +fail {2}-> _err {2}exit 3/)
  })
  it('tells when an item finished by its last attempt, else by its minute', async () => {
    const { root, queue } = rootWithQueue()
    const finished = async (ref: string) => ((await json(root, 'show', ref)) as { finished: string | null }).finished
    endedItem(queue, 'done/20261122/1015', ID, { ended: '2026-11-22T10:15:42.123Z', verdict: 'done' })
    expect(await finished(ID)).toBe('2026-11-22T10:15:42.123Z')
    endedItem(queue, 'done/20261122/1015', ID, { ended: 'some time', verdict: 'done' })
    expect(await finished(ID)).toBe('2026-11-22T10:15Z')
    endedItem(queue, '_err', LATER, { ended: '2026-11-22T10:16:00.000Z', verdict: 'fail' })
    expect(await finished(LATER)).toBe('2026-11-22T10:16:00.000Z')
    endedItem(queue, 'que', '20261122T101500.000000-aaaaaa', { ended: '2026-11-22T10:16:00.000Z' })
    expect(await finished('aaaaaa')).toBe(null)
  })
  it('says what is wrong with a message', async () => {
    const { root, queue } = rootWithQueue()
    mkdirSync(join(queue, 'que', ID))
    writeFileSync(join(queue, 'que', ID, 'msg'), '{torn')
    expect(await json(root, 'show', ID)).toMatchObject({ msg: null, msg_problem: 'msg is not JSON' })
  })
  it('prints one JSON object a line for many items', async () => {
    const { root, queue } = rootWithQueue()
    drop(queue, ID)
    drop(queue, LATER)
    expect(await json(root, 'show', ID, LATER)).toMatchObject([{ id: ID }, { id: LATER }])
  })
})

/** What a worker that lives says of itself: this process will do. */
function status(queue: string, change: object): void {
  const text = {
    pid: process.pid,
    start: processStat(process.pid)?.start,
    slots: 2,
    freeSlots: 1,
    running: [],
    settling: [],
    unavailable: [],
    gate: null,
    brokenHandler: null,
    disk: null,
  }
  writeFileSync(join(queue, '_status.json'), JSON.stringify({ ...text, ...change }))
}

/** A daemon's note in the lock, of this process. */
function daemon(root: string): void {
  const note = {
    pid: process.pid,
    start: processStat(process.pid)?.start,
    boot: bootId(),
    host: 'here',
    since: 'now',
    clean: false,
    service: false,
  }
  writeFileSync(join(root, '_lock'), JSON.stringify(note))
}

describe('rq why', () => {
  const kinds = async (root: string, ref: string) => {
    const { reasons } = (await json(root, 'why', ref)) as { reasons: { kind: string }[] }
    return reasons.map(({ kind }) => kind)
  }

  it('says all that keeps an item while no daemon runs', async () => {
    const { root, queue } = rootWithQueue()
    drop(queue, `${ID},t4000000000`)
    writeFileSync(join(queue, '_paused'), '')
    expect(await kinds(root, ID)).toEqual(['daemon-down', 'queue-paused', 'due'])
    const said = await rq(root, ['why', ID])
    expect(said.lines[0]).toBe(`${ID}: no daemon runs on this root: start it with \`rqd start\``)
    expect(said.lines[2]).toMatch(/^ {2}also: not due before 2096/)
  })
  it.each([
    ['a root that is paused', 'root-paused', ({ root }) => writeFileSync(join(root, '_paused'), '')],
    ['a queue that is down', 'queue-down', ({ queue }) => writeFileSync(join(queue, '_down'), '')],
    [
      'a configuration that is wrong',
      'bad-config',
      ({ queue }) => writeFileSync(join(queue, 'config.json'), '{"slots":0}'),
    ],
    ['a broken handler', 'broken-handler', ({ queue }) => status(queue, { brokenHandler: { problem: 'gone' } })],
    ['a disk that is full', 'disk', ({ queue }) => status(queue, { disk: 'ENOSPC' })],
    [
      'a file that is being written',
      'settling',
      ({ queue }) => status(queue, { settling: [{ name: ID, why: 'young', until: 1 }] }),
    ],
    [
      'an item that cannot be claimed',
      'unavailable',
      ({ queue }) => status(queue, { unavailable: [{ name: ID, problem: 'EACCES', until: 1 }] }),
    ],
    ['descriptors that are short', 'shortage', ({ queue }) => status(queue, { shortage: { problem: 'EMFILE' } })],
    ['no free slot', 'no-slot', ({ queue }) => status(queue, { freeSlots: 0 })],
    ['a live copy of its id', 'live-copy', ({ queue }) => status(queue, { running: [{ id: ID, attempt: 1 }] })],
  ] as const satisfies readonly (readonly [string, string, (where: { root: string; queue: string }) => void])[])(
    'knows %s',
    async (_what, kind, make) => {
      const { root, queue } = rootWithQueue()
      drop(queue, ID)
      daemon(root)
      status(queue, {})
      make({ root, queue })
      expect((await kinds(root, ID))[0]).toBe(kind)
    },
  )
  it('counts what goes first', async () => {
    const { root, queue } = rootWithQueue()
    daemon(root)
    status(queue, {})
    drop(queue, ID)
    expect((await rq(root, ['why', ID])).stdout).toBe(`${ID}: it is next\n`)
    drop(queue, `${LATER},p0`)
    drop(queue, '20261122T101400.000000-bbbbbb')
    drop(queue, '20261122T101400.000000-cccccc,t4000000000,p0')
    expect(await kinds(root, ID)).toEqual(['behind'])
    expect((await rq(root, ['why', ID])).stdout).toContain('2 items go first')
  })
  it('says of what does not wait where it is', async () => {
    const { root, queue } = rootWithQueue()
    endedItem(queue, '_err', ID, { text: 'no luck' })
    drop(queue, LATER, 'pause')
    const said = await rq(root, ['why', ID, LATER])
    expect(said.lines[0]).toMatch(/it failed \(no luck\).*rq retry x7f2k9/)
    expect(said.lines[1]).toMatch(/it is held.*rq release a1b2c3/)
  })
})

describe('help', () => {
  it('lists every command, and shows examples of each', async () => {
    const { lines } = await rq('/nonexistent', ['--help'])
    const verbs = lines.flatMap((line) => /^ {2}([a-z-]+) +\S/.exec(line)?.[1] ?? [])
    expect(verbs).toEqual([...Object.keys(VERBS), 'completion'])
    for (const verb of verbs) {
      const said = await rq('/nonexistent', [verb, '--help'])
      expect(said).toMatchObject({ code: 0, stderr: '' })
      expect(said.stdout).toMatch(/^Usage: rq /)
      expect(said.stdout).toMatch(/Examples:\n {2}\S/)
    }
  })
  it('comes up when a command is misspelled', async () => {
    expect(await rq('/nonexistent', ['injcet'])).toMatchObject({
      code: 2,
      stderr: 'rq: no command "injcet": did you mean "inject"?\n',
    })
  })
  it('and the version need no root', async () => {
    expect((await rq('/nonexistent', ['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
    expect((await rq('/nonexistent', [])).code).toBe(0)
  })
})
