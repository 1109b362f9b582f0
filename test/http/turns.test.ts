/** A process that serves many gives way while it looks through very many names, and goes on where it stood. */
import { linkSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Answer } from '../../src/service/answer.ts'
import type { Listing } from '../../src/service/ls.ts'
import { QueueMemory } from '../../src/service/queue-memory.ts'
import { perform, type VerbName } from '../../src/service/registry.ts'
import { contextOf } from '../helpers/context.ts'
import { removeRoot } from '../helpers/daemon.ts'
import { rootWithQueue } from '../helpers/rq.ts'
import { startWeb } from '../helpers/web.ts'

const MANY = 60_000
/** An inode of ext4 has no more names. */
const LINKS = 30_000

function idOf(n: number): string {
  return `20261122T101512.${String(n % 1_000_000).padStart(6, '0')}-${n.toString(36).padStart(6, '0')}`
}

/** Links to a few messages: names are what counts. */
function fill(dir: string, count: number): void {
  mkdirSync(dir, { recursive: true })
  let source = ''
  for (let n = 0; n < count; n += 1) {
    const path = join(dir, `${idOf(n)}.msg`)
    if (n % LINKS !== 0) {
      linkSync(source, path)
      continue
    }
    writeFileSync(path, '{"params": {"user": 7}}', { mode: 0o600 })
    source = path
  }
}

/** How often everything else had its turn meanwhile. */
async function turnsDuring(work: () => Promise<unknown>): Promise<number> {
  let turns = 0
  let isOver = false
  const tick = () => {
    turns += 1
    if (!isOver) setImmediate(tick)
  }
  setImmediate(tick)
  await work()
  isOver = true
  return turns
}

const LS = { queue: 'q', query: [], all: false, reverse: false, deep: false, ids: false, limit: 50 }
const NOWHERE = '20261122T101512.999999-zzzzzz'

describe('among very many names', () => {
  let many: ReturnType<typeof rootWithQueue>
  let few: ReturnType<typeof rootWithQueue>
  beforeAll(() => {
    many = rootWithQueue()
    few = rootWithQueue()
    fill(join(many.queue, 'que'), MANY)
    fill(join(few.queue, 'que'), 1)
    // The same that waits was removed, too.
    const removal = (queue: string) => join(queue, '_trash', '20261122T101513.000-x7f2k9')
    mkdirSync(removal(many.queue), { recursive: true })
    mkdirSync(removal(few.queue), { recursive: true })
    fill(join(removal(many.queue), 'que'), MANY)
    fill(join(removal(few.queue), 'que'), 1)
  })
  afterAll(async () => {
    await removeRoot(many.root)
    await removeRoot(few.root)
  })

  const rows: [string, VerbName, Readonly<Record<string, unknown>>][] = [
    ['an id that is nowhere', 'show', { id: [NOWHERE] }],
    ['a part of an id', 'show', { id: ['q/nothing-like-it'] }],
    ['what was removed', 'undo', { id: ['nothing-like-it'] }],
    ['a page far behind', 'ls', { ...LS, query: ['waiting'], sort: 'order', deep: true, offset: MANY - 100 }],
    ['an order by what inodes tell', 'ls', { ...LS, query: ['waiting'], sort: 'age', deep: true }],
    ['all that matches by name', 'hold', { id: ['q'], where: 'tag:none', 'dry-run': true }],
    ['all messages', 'ls', { ...LS, query: ['param.user=8'], deep: true }],
    ['ages', 'qshape', { queue: [], by: undefined, state: undefined, limit: undefined }],
  ]
  it.each(rows)('%s is looked for while others have their turns', async (_, verb, input) => {
    const ask = (root: string) => perform(verb, { ...contextOf(root), mostRows: 1000 }, input)
    // Whatever is loaded at the first call is not counted.
    await ask(few.root)
    const atOnce = await turnsDuring(() => ask(few.root))
    expect(await turnsDuring(() => ask(many.root))).toBeGreaterThan(atOnce + 2)
  })

  it('a search goes on where its time was over, and looks at nothing twice', async () => {
    const memory = new QueueMemory()
    let after: string | undefined
    let looked = 0
    let pages = 0
    do {
      const asked = { ...LS, query: ['waiting param.user=8'], within: 20, after }
      const { value } = (await perform('ls', { ...contextOf(many.root), memory }, asked)) as Answer<Listing>
      looked += value?.looked ?? 0
      pages += 1
      after = value?.next ?? undefined
    } while (after !== undefined)
    memory.close()
    expect(pages).toBeGreaterThan(3)
    expect(looked).toBe(MANY)
  })

  it('what left before it was shown is not shown by the search that went on', async () => {
    const { root, queue } = rootWithQueue()
    const total = 20_500
    fill(join(queue, 'que'), total)
    const memory = new QueueMemory()
    const shown = new Set<string>()
    const gone = new Set<string>()
    let after: string | undefined
    do {
      const asked = { ...LS, limit: 400, query: ['waiting'], within: 1_000, after }
      const { value } = (await perform('ls', { ...contextOf(root), memory }, asked)) as Answer<Listing>
      for (const { name } of value?.items ?? []) {
        expect(shown.has(name) || gone.has(name)).toBe(false)
        shown.add(name)
      }
      // Some of those that a look ahead has in mind by now.
      for (let n = 0, left = 40; n < total && left > 0; n += 97) {
        const name = `${idOf(n)}.msg`
        if (shown.has(name) || gone.has(name)) continue
        rmSync(join(queue, 'que', name))
        gone.add(name)
        left -= 1
      }
      after = value?.next ?? undefined
    } while (after !== undefined)
    memory.close()
    expect(shown.size + gone.size).toBe(total)
    await removeRoot(root)
  })

  it('a quick request that is sent after a long one is answered before it', async () => {
    const { root } = rootWithQueue()
    renameSync(join(many.queue, 'que'), join(root, 'queue', 'other'))
    mkdirSync(join(root, 'queue', 'long'))
    renameSync(join(root, 'queue', 'other'), join(root, 'queue', 'long', 'pause'))
    const web = await startWeb(root)
    const answered: string[] = []
    const ask = (path: string, name: string) => web.get(path).then(() => answered.push(name))
    // A connection each, made before.
    await Promise.all([ask('/session', 'first'), ask('/health', 'first')])
    await Promise.all([
      ask('/items?queue=long&query=held&query=param.user=8&deep=true', 'long'),
      ask('/items?queue=q&query=waiting', 'quick'),
    ])
    expect(answered.slice(2)).toEqual(['quick', 'long'])
    expect((await web.daemon.stop('SIGTERM')).code).toBe(0)
    await removeRoot(root)
  })
})
