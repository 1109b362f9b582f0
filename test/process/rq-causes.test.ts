/** `rq causes`: what failed by cause, and queries that select just those. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { causes } from '../../src/service/causes.ts'
import { ls } from '../../src/service/ls.ts'
import { contextOf } from '../helpers/context.ts'
import { makeQueue, startDaemon, tempRoot } from '../helpers/daemon.ts'
import { namesIn, rootWithQueue, rq } from '../helpers/rq.ts'
import { newId, openQueue } from '../helpers/worker.ts'

function fail(queue: string, msg: string | undefined): string {
  const id = newId()
  const dir = join(queue, '_err', id)
  mkdirSync(dir, { recursive: true })
  if (msg !== undefined) writeFileSync(join(dir, 'msg'), msg)
  return id
}

async function selected(root: string, query: string): Promise<string[]> {
  const everything = {
    queue: undefined, query: [query], all: true, limit: 0, offset: undefined,
    after: undefined,
    within: undefined, sort: undefined, reverse: false,
    columns: undefined, deep: true, ids: true,
  } // biome-ignore format: a record
  const { value } = await ls.run(contextOf(root), everything)
  return (value?.items ?? []).map(({ queue, id, name }) => `${queue}/${id ?? name}`).toSorted()
}

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.array(fc.constantFrom('timeout', ' ', '7', '31s', '"a"', "'", '\\', '*', '?', '/x/y', '\n', '(', '|', '-', '!'), { maxLength: 6 }).map((all) => all.join('')),
) // biome-ignore format: a list
const attempt = fc.record(
  {
    n: fc.constant(1),
    exit: fc.constantFrom(0, 1, 7, 137),
    signal: fc.constantFrom('KILL', 'TERM', 'a "b"'),
    cause: fc.constantFrom('timeout', 'cancel', 'lost'),
    verdict: fc.constantFrom('fail', 'done'),
    text,
  },
  { requiredKeys: ['n'] },
)
const message = fc.oneof(
  { weight: 5, arbitrary: attempt.map((one) => JSON.stringify({ attempts: [one] })) },
  fc.constantFrom('{}', '{', '[]', '{"attempts": 7}', undefined),
)

it('each group has a query that selects just its items, whatever their messages say', async () => {
  const item = fc.tuple(fc.constantFrom('a', 'b 1'), message)
  const property = fc.asyncProperty(fc.array(item, { minLength: 1, maxLength: 12 }), async (items) => {
    const root = tempRoot()
    const queues = new Map(['a', 'b 1'].map((name) => [name, makeQueue(root, name)]))
    const all = items.map(([queue, msg]) => `${queue}/${fail(queues.get(queue) ?? '', msg)}`)
    const { value } = await causes.run(contextOf(root), { queue: [], since: undefined, limit: 0 })
    const found: string[] = []
    for (const { query, count, examples, queue } of value?.groups ?? []) {
      const ids = await selected(root, query)
      expect(ids).toHaveLength(count)
      for (const id of examples) expect(ids).toContain(`${queue}/${id}`)
      found.push(...ids)
    }
    // No item is in two groups, and none in no group.
    expect(found.toSorted()).toEqual(all.toSorted())
    rmSync(root, { recursive: true })
  })
  await fc.assert(property, { numRuns: 60 })
})

it('what a handler said of each is one cause, and its query retries just those', async () => {
  const root = tempRoot()
  const handler =
    '#!/bin/sh\nread -r word <"$1"\ncase $word in t*) echo "fail timeout after $$ s in \'/x/$$\'" >&3; exit 1;; esac\nexit 7\n'
  const queue = openQueue(makeQueue(root, 'q', handler))
  const daemon = await startDaemon(root)
  const ids = ['t1\n', 't2\n', 'x\n', 't3\n'].map((word) => queue.drop(word))
  for (const id of ids) await queue.settled(id)
  await daemon.stop()
  const { stdout } = await rq(root, ['causes', '--json', '--since', '1h'])
  const { groups } = JSON.parse(stdout)
  expect(groups).toMatchObject([
    { queue: 'q', reason: 'exit 1: timeout after <n> s in <text>', count: 3 },
    { queue: 'q', reason: 'exit 7', count: 1, examples: [ids[2]] },
  ])
  const human = await rq(root, ['causes', 'q'])
  expect(human.lines[1]).toMatch(/^3 +q .*exit 1: timeout after <n> s in <text>$/)
  const retried = await rq(root, ['retry', 'q', '--where', groups[0].query])
  expect(retried.code).toBe(0)
  expect(namesIn(queue.path, 'que').toSorted()).toEqual([ids[0], ids[1], ids[3]].toSorted())
  expect(namesIn(queue.path, '_err')).toEqual([ids[2]])
})

it('what is no message has a cause as well, and what is older than --since has none', async () => {
  const { root, queue } = rootWithQueue()
  mkdirSync(join(queue, '_err'), { recursive: true })
  writeFileSync(join(queue, '_err/report.csv'), 'x')
  fail(queue, undefined)
  const { lines } = await rq(root, ['causes', '--json'])
  const { groups } = JSON.parse(lines[0] ?? '')
  expect(groups.map(({ reason }: { reason: string }) => reason).toSorted()).toEqual([
    'never ran',
    'no message: msg is missing',
  ])
  const none = await rq(root, ['causes', '--since', '0s', '--json'])
  expect(JSON.parse(none.stdout).groups).toEqual([])
})

it('of very many items it looks at 20,000 of a queue, and says so', async () => {
  const { root, queue } = rootWithQueue()
  mkdirSync(join(queue, '_err'), { recursive: true })
  for (let n = 0; n < 20_003; n += 1) writeFileSync(join(queue, '_err', `file-${n}`), '')
  const { value } = await causes.run(contextOf(root), { queue: [], since: undefined, limit: undefined })
  expect(value).toMatchObject({ capped: ['q'], groups: [{ reason: 'never ran', count: 20_000 }] })
  expect((await rq(root, ['causes'])).stderr).toContain('q: there are more items; looking stopped')
})
