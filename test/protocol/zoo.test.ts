/** Every hostile name and thing of the zoo, dropped beside a daemon: each meets the fate that the protocol gives it. */
import { existsSync, lstatSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import type { Msg } from '../../src/domain/item.ts'
import { displayName, parseItemName } from '../../src/domain/name.ts'
import { makeZoo, type ZooItem } from '../fixtures/zoo.ts'
import { makeQueue, startDaemon, tempRoot } from '../helpers/daemon.ts'
import { until } from '../helpers/until.ts'

/** Tells what it was given, and takes what it is given for what it is. */
const HANDLER = `#!/bin/sh
printf '%s\\n' "$RQ_PRIORITY $RQ_TAGS"
for file; do [ -f "$file" ] && [ ! -L "$file" ] || exit 1; done
[ "$#" -ne 1 ] || cmp -s - "$1"
`

interface Found {
  readonly state: 'done' | '_err'
  readonly raw: string
  readonly dir: string
  readonly msg: Msg
}

let path: string
let zoo: ZooItem[]
let ends: Found[]

beforeAll(async () => {
  const root = tempRoot()
  path = makeQueue(root, 'zoo', HANDLER, { settle: 0.2 })
  writeFileSync(join(root, 'untouched'), '')
  zoo = makeZoo(join(path, 'que'))
  const daemon = await startDaemon(root)
  const expected = zoo.filter(({ expectation }) => expectation !== 'invisible').length
  await until(
    () => found('done').length + found('_err').length >= expected,
    60_000,
    () => `${expected} items end; in que/: ${JSON.stringify(bytes(join(path, 'que')))}`,
  )
  ends = [...found('done'), ...found('_err')]
  await daemon.stop()
}, 90_000)

describe('of the zoo', () => {
  test('all that is an item ended, once, and nothing else was touched', () => {
    const invisible = zoo.filter(({ expectation }) => expectation === 'invisible').map(({ raw }) => raw)
    expect(bytes(join(path, 'que')).toSorted()).toEqual(invisible.toSorted())
    expect(bytes(join(path, 'run'))).toEqual([])
    expect(ends).toHaveLength(zoo.length - invisible.length)
  })

  test('each ran, or was refused with its reason, as it had to', () => {
    const wrong = zoo.flatMap((item) => {
      const fate = fateOf(item)
      return fate === item.expectation ? [] : [{ ...item, fate }]
    })
    expect(wrong).toEqual([])
  })

  test('each file kept its content, its priority and its tags', () => {
    for (const item of zoo.filter(({ payload, expectation }) => payload !== undefined && expectation === 'runs')) {
      const end = endOf(item)
      expect([item.raw, end && contentOf(end)]).toEqual([item.raw, item.payload])
      const told = readFileSync(join(end?.dir ?? '', 'job/stdio.log'), 'utf8').split('\n')[1]
      expect([item.raw, told]).toEqual([item.raw, `${item.priority ?? 5} ${item.tags?.join(' ') ?? ''}`])
    }
  })

  test('no name was taken for a command, no link followed', () => {
    const everywhere = readdirSync(join(path, '../..'), { recursive: true, encoding: 'utf8' })
    expect(everywhere.filter((name) => /(^|\/)pwned$/.test(name))).toEqual([])
    expect(existsSync(join(path, '../../untouched'))).toBe(true)
  })
})

function found(state: Found['state']): Found[] {
  const dirs = state === '_err' ? [state] : buckets(state)
  return dirs.flatMap((dir) =>
    bytes(join(path, dir)).map((raw) => {
      const item = join(path, dir, raw)
      return { state, raw, dir: item, msg: JSON.parse(readFileSync(join(item, 'msg'), 'utf8')) as Msg }
    }),
  )
}

function buckets(state: string): string[] {
  const days = bytes(join(path, state))
  return days.flatMap((day) => bytes(join(path, state, day)).map((minute) => `${state}/${day}/${minute}`))
}

/** The names in a directory, one character per byte. */
function bytes(dir: string): string[] {
  return existsSync(dir) ? readdirSync(dir, { encoding: 'latin1' as BufferEncoding }) : []
}

/** By its id, or by its name; names that differ in their suffixes alone are told apart by what is in the file. */
function endOf(item: ZooItem): Found | undefined {
  const { id, base } = parseItemName(item.raw)
  if (id !== undefined) return ends.find(({ raw }) => parseItemName(raw).id === id)
  const name = displayName(item.kind === 'message' ? base.slice(0, -'.msg'.length) : base)
  const namesakes = ends.filter(({ msg }) => msg.name === name)
  return namesakes.find((end) => item.payload === undefined || contentOf(end) === item.payload)
}

function contentOf({ dir }: Found): string | undefined {
  const [attached] = bytes(join(dir, 'attach'))
  const file = Buffer.from(`${dir}/attach/${attached}`, 'latin1')
  return attached !== undefined && lstatSync(file).isFile() ? readFileSync(file, 'utf8') : undefined
}

function fateOf(item: ZooItem): string {
  const end = endOf(item)
  if (end === undefined) return bytes(join(path, 'que')).includes(item.raw) ? 'invisible' : 'lost'
  if (end.state === 'done') return 'runs'
  const last = end.msg.attempts?.at(-1)
  return last?.cause === 'refused' && last.text !== undefined ? 'refused' : `failed: ${last?.text}`
}
