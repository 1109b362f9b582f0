/**
 * A small life of a queue, with one item of every kind, and all that must hold at its end, whatever happened on the
 * way: the common part of the sweeps.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import type { Msg } from '../../src/domain/item.ts'
import { handler, parseRecord } from '../fixtures/handlers.ts'
import { kill, makeQueue, processesIn } from '../helpers/daemon.ts'
import { until } from '../helpers/until.ts'
import { newId, openQueue, type TestQueue } from '../helpers/worker.ts'
import { copiesIn } from './copies.ts'

/** Records each run and looks for a second one of the same id; then does as $RQ_PARAM2 says. */
const HANDLER = `#!/bin/sh
'${handler('records-overlap.sh')}' "$@" || exit 70
case $RQ_PARAM2 in
  fail) exit 1 ;;
  again) [ -e "$LOCKS/again" ] || { : > "$LOCKS/again"; echo 'resend 0-once more' >&3; } ;;
  relay) echo 'relay target' >&3 ;;
  dup) echo 'dup 0-X-target' >&3; read -r answer <&4; case $answer in ok*) ;; *) exit 71 ;; esac ;;
esac
`

type FinalState = 'done' | '_err' | 'relayed'

interface Planned {
  readonly what: string
  /** Of a file dropped under its own name: that. Its id is made at the claim and ends in it. */
  readonly key: string
  readonly state: FinalState
  /** How often its handler runs when nothing goes wrong. */
  readonly runs: number
  readonly param1: string | undefined
  readonly files: Readonly<Record<string, string>>
}

export interface Scenario {
  readonly root: string
  readonly source: TestQueue
  readonly target: TestQueue
  readonly items: readonly Planned[]
  /** Where each item is, by what it holds; an empty claim is not counted. */
  census(): Map<string, string[]>
  isFinished(): boolean
  finished(deadlineMs?: number): Promise<void>
  /** Runs of one attempt, and of all attempts, of each item. */
  starts(): { readonly perItem: Map<string, number>; readonly perAttempt: Map<string, number> }
  /** Throws unless everything holds. `exact`: no handler died, so none may have run more often than planned. */
  verify(options: { readonly exact: boolean }): void
  /** The end of the log, for messages. */
  story(): string
  killAll(): void
}

/** Makes root, queues and items in `dir`, one that copies itself if `config` has `dup`; what the handlers record lies outside of the root. */
export function makeScenario(dir: string, config: object = {}): Scenario {
  const root = join(dir, 'root')
  const record = join(dir, 'record')
  const locks = join(dir, 'locks')
  mkdirSync(locks, { recursive: true })
  const source = makeQueue(root, 'source', HANDLER, {
    slots: 2,
    settle: 0,
    // What is put off because its target could not be read.
    reschedule_after: 0.1,
    env: { RECORD: record, LOCKS: locks },
    ...config,
  })
  const target = makeQueue(root, 'target')
  for (const state of ['prep', 'run', 'done']) mkdirSync(join(target, state))
  // Under a daemon its items stay where they arrive.
  writeFileSync(join(target, '_paused'), '')
  const items = fill(source, 'dup' in config)
  return scenarioOf(root, record, openQueue(source), openQueue(target), items)
}

const LETTER = { 'letter.txt': 'to be handed on\n' }

function fill(queue: string, hasDup: boolean): Planned[] {
  const publish = (name: string, build: (path: string) => void) => {
    mkdirSync(join(queue, 'prep'), { recursive: true })
    build(join(queue, 'prep/new'))
    renameSync(join(queue, 'prep/new'), join(queue, 'que', name))
  }
  const directory = (id: string, msg: object, files: Readonly<Record<string, string>>) =>
    publish(id, (path) => {
      mkdirSync(join(path, 'attach'), { recursive: true })
      writeFileSync(join(path, 'msg'), JSON.stringify(msg))
      for (const [name, text] of Object.entries(files)) writeFileSync(join(path, 'attach', name), text)
    })

  const [plain, message, many, fails, again, relay] = Array.from({ length: 6 }, newId) as [string, ...string[]]
  const common = { runs: 1, param1: undefined, files: {} }
  const two = { 'one.txt': 'first\n', 'two.txt': 'second\n'.repeat(100) }
  publish('by hand.txt', (path) => writeFileSync(path, 'dropped by hand\n'))
  publish(plain, (path) => writeFileSync(path, 'a plain file\n'))
  publish(`${message}.msg`, (path) => writeFileSync(path, JSON.stringify({ param1: '0.03' })))
  directory(many ?? '', { param1: '0.02', own: { kept: true } }, two)
  publish(`${fails}.msg`, (path) => writeFileSync(path, JSON.stringify({ param2: 'fail' })))
  publish(`${again}.msg,p3`, (path) => writeFileSync(path, JSON.stringify({ param2: 'again' })))
  directory(`${relay},+tag`, { param2: 'relay' }, LETTER)
  const dup = newId()
  if (hasDup) directory(dup, { param2: 'dup' }, LETTER)
  const copies: Planned = { ...common, what: 'copying', key: dup, state: 'done', files: LETTER }
  return [
    ...(hasDup ? [copies] : []),
    { ...common, what: 'hand drop', key: 'by_hand.txt', state: 'done', files: { 'by hand.txt': 'dropped by hand\n' } },
    { ...common, what: 'plain file', key: plain, state: 'done', files: { payload: 'a plain file\n' } },
    { ...common, what: 'message', key: message ?? '', state: 'done', param1: '0.03' },
    { ...common, what: 'directory', key: many ?? '', state: 'done', param1: '0.02', files: two },
    { ...common, what: 'failing', key: fails ?? '', state: '_err' },
    { ...common, what: 'rescheduled', key: again ?? '', state: 'done', runs: 2 },
    { ...common, what: 'relayed', key: relay ?? '', state: 'relayed', files: LETTER },
  ]
}

function scenarioOf(
  root: string,
  record: string,
  source: TestQueue,
  target: TestQueue,
  items: readonly Planned[],
): Scenario {
  const scenario: Scenario = {
    root,
    source,
    target,
    items,
    census: () => new Map(items.map((item) => [item.what, find(source.path, item).map(({ at }) => at)])),
    isFinished: () =>
      items.every((item) => find(source.path, item)[0]?.state === item.state) &&
      target.names('que').length > 0 &&
      source.names('run').length === 0,
    finished: async (deadlineMs = 20_000) => {
      await until(scenario.isFinished, deadlineMs, () => `all items end; ${scenario.story()}`)
    },
    starts: () => countStarts(record, items),
    verify: (options) => verify(scenario, record, options),
    story: () => `${JSON.stringify(Object.fromEntries(scenario.census()))}\n${tail(join(source.path, '_log'))}`,
    killAll: () => {
      for (const pid of processesIn(root)) if (pid !== process.pid) kill(pid, 'SIGKILL')
    },
  }
  return scenario
}

interface Found {
  readonly state: string
  readonly at: string
  readonly path: string
}

const STATES = ['que', 'run', 'pause', '_err', 'prep', 'done', 'relayed'] as const

/** Every place where an item is with its content. */
function find(queue: string, item: Planned): Found[] {
  const found: Found[] = []
  for (const state of STATES) {
    const depth = state === 'done' || state === 'relayed' ? 3 : 1
    for (const name of entries(join(queue, state), depth)) {
      const path = join(queue, state, name)
      if (isNamed(name.split('/').at(-1) ?? '', item.key) && holdsSomething(path))
        found.push({ state, at: `${state}/${name}`, path })
    }
  }
  return found
}

function isNamed(name: string, key: string): boolean {
  return name === 'by hand.txt' ? key === 'by_hand.txt' : name.includes(key)
}

function entries(path: string, depth: number): string[] {
  if (!existsSync(path)) return []
  const names = readdirSync(path)
  return depth === 1 ? names : names.flatMap((name) => entries(join(path, name), depth - 1).map((n) => `${name}/${n}`))
}

/** A file does; a directory that a claim made does once it has a message or a payload. */
function holdsSomething(path: string): boolean {
  const inside = list(path)
  if (inside === undefined) return true
  return inside.includes('msg') || (list(join(path, 'attach')) ?? []).length > 0
}

function list(path: string): string[] | undefined {
  try {
    return readdirSync(path)
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'ENOTDIR') return undefined
    if (code === 'ENOENT') return []
    throw error
  }
}

function countStarts(record: string, items: readonly Planned[]) {
  const runs = existsSync(record) ? parseRecord(readFileSync(record, 'utf8')) : []
  const perItem = new Map(items.map(({ what }) => [what, 0]))
  const perAttempt = new Map<string, number>()
  for (const run of runs.filter(({ what }) => what === 'start')) {
    const item = items.find(({ key }) => run.id.includes(key))?.what ?? run.id
    const attempt = `${item}, attempt ${run.attempt}`
    perItem.set(item, (perItem.get(item) ?? 0) + 1)
    perAttempt.set(attempt, (perAttempt.get(attempt) ?? 0) + 1)
  }
  return { perItem, perAttempt }
}

/** What may lie in an item that ended. The files of its last attempt stay if we were killed before folding them. */
const LEGAL = /^(?:msg|attach|job|job\.[1-9]\d*|(?:attempt|started|answered)\.\d+)$/

function verify(scenario: Scenario, record: string, { exact }: { readonly exact: boolean }): void {
  const { source, target, items } = scenario
  for (const item of items) {
    const found = find(source.path, item)
    expect(found, item.what).toHaveLength(1)
    expect(found[0]?.state, item.what).toBe(item.state)
    checkContent(found[0]?.path ?? '', item)
  }
  checkRuns(scenario, record, exact)
  checkLog(source)
  expect(source.names('run'), 'run/').toEqual([])
  expect(source.names('que'), 'que/').toEqual([])
  checkCopies(target, items)
  const relayed = items.find(({ state }) => state === 'relayed')?.key ?? ''
  expect(source.msg(relayed).relay).toEqual({ to: 'target', id: copiesIn(target).get(relayed)?.[0] })
}

function checkContent(path: string, item: Planned): void {
  expect(
    readdirSync(path).filter((name) => !LEGAL.test(name)),
    `strays of ${item.what}`,
  ).toEqual([])
  const attached = list(join(path, 'attach')) ?? []
  const files = Object.fromEntries(attached.map((name) => [name, readFileSync(join(path, 'attach', name), 'utf8')]))
  expect(files, item.what).toEqual(item.files)
  const msg: Msg = JSON.parse(readFileSync(join(path, 'msg'), 'utf8'))
  expect(msg.param1, item.what).toBe(item.param1)
  const verdict = { done: 'done', _err: 'fail', relayed: 'relay' }[item.state]
  expect(msg.attempts?.at(-1)?.verdict, `verdict of ${item.what}`).toBe(verdict)
  const numbers = msg.attempts?.map(({ n }) => n) ?? []
  expect(new Set(numbers).size, `attempts of ${item.what}: ${numbers.join()}`).toBe(numbers.length)
}

function checkRuns(scenario: Scenario, record: string, exact: boolean): void {
  const overlaps = parseRecord(readFileSync(record, 'utf8')).filter(({ what }) => what === 'overlap')
  expect(overlaps, 'two runs of one id at once').toEqual([])
  const { perItem, perAttempt } = scenario.starts()
  for (const [attempt, starts] of perAttempt) expect(starts, `runs of ${attempt}`).toBe(1)
  for (const item of scenario.items) {
    const runs = item.runs + putOff(scenario.source, item)
    if (exact) expect(perItem.get(item.what), `runs of ${item.what}`).toBe(runs)
    else expect(perItem.get(item.what), `runs of ${item.what}`).toBeGreaterThanOrEqual(runs)
  }
}

/** How often its target could not be asked, so that it was to be run again. */
function putOff(source: TestQueue, item: Planned): number {
  const path = find(source.path, item)[0]?.path ?? ''
  const msg: Msg = JSON.parse(readFileSync(join(path, 'msg'), 'utf8'))
  return (
    msg.attempts?.filter(({ text, verdict }) => verdict === 'reschedule' && text?.startsWith('relay: ')).length ?? 0
  )
}

/** What was said to have ended for good is not said to have begun again, nor to have ended differently. */
function checkLog(source: TestQueue): void {
  const ended = new Map<unknown, unknown>()
  for (const event of source.events()) {
    const before = ended.get(event['id'])
    if (event['kind'] === 'item-started') expect(before, `${event['id']} begins after its end`).toBeUndefined()
    if (event['kind'] !== 'item-ended') continue
    expect(event['to'], `${event['id']} is said to have gone`).not.toBe('elsewhere')
    if (event['to'] === 'que') continue
    expect(before ?? event['to'], `${event['id']} ends twice`).toBe(event['to'])
    ended.set(event['id'], event['to'])
  }
}

/** One copy of each item that was to be relayed or copied, whole, and nothing else. */
function checkCopies(target: TestQueue, items: readonly Planned[]): void {
  const copied = items.filter(({ what }) => what === 'relayed' || what === 'copying')
  expect(target.names('que'), 'copies in the target').toHaveLength(copied.length)
  const copies = copiesIn(target)
  for (const { what, key } of copied) {
    const [copy = ''] = copies.get(key) ?? []
    expect(copies.get(key), what).toHaveLength(1)
    expect(readFileSync(join(target.dirOf(copy), 'attach/letter.txt'), 'utf8')).toBe(LETTER['letter.txt'])
  }
}

function tail(log: string): string {
  return existsSync(log) ? readFileSync(log, 'utf8').split('\n').slice(-25).join('\n') : 'no log'
}
