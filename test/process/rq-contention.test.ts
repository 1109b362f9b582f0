/** Many at one item: exactly one of them moves it, nobody copies it, nobody overwrites. */
import { spawn } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { namesIn, rootWithQueue, rq } from '../helpers/rq.ts'

const ID = '20261122T101500.123456-x7f2k9'
const MANY = 30

function everywhere(queue: string): string[] {
  return ['que', 'run', 'pause', '_err', '_tmp'].flatMap((state) =>
    namesIn(queue, state).map((name) => `${state}/${name}`),
  )
}

function many(root: string, args: readonly string[], env: Record<string, string> = {}) {
  return Promise.all(Array.from({ length: MANY }, () => rq(root, args, { env })))
}

// Without the native calls a file is linked and unlinked: there is an instant with two names.
describe.each([
  ['with renameat2', {}],
  ['without it', { RQD_NATIVE: 'off' }],
])('%s', (_how, env) => {
  it(`of ${MANY} that hold one file, one does`, async () => {
    const { root, queue } = rootWithQueue()
    writeFileSync(join(queue, 'que', ID), 'payload')
    const said = await many(root, ['hold', ID], env)
    expect(said.filter(({ stdout }) => stdout === `${ID} held\n`)).toHaveLength(1)
    expect(said.filter(({ code }) => code !== 0).map(({ stderr }) => stderr)).toEqual([])
    expect(everywhere(queue)).toEqual([`pause/${ID}`])
  }, 120_000)

  it(`of ${MANY} that retry one item, one does, and no second copy waits`, async () => {
    const { root, queue } = rootWithQueue()
    mkdirSync(join(queue, '_err', ID), { recursive: true })
    writeFileSync(join(queue, '_err', ID, 'msg'), '{}')
    const said = await many(root, ['retry', ID], env)
    expect(said.filter(({ stdout }) => stdout === `${ID} waits again\n`)).toHaveLength(1)
    expect(everywhere(queue)).toEqual([`que/${ID}`])
  }, 120_000)
})

describe('an item that is held while workers want it', () => {
  it('is run or held, never both, and never lost', async () => {
    const { root, queue } = rootWithQueue()
    mkdirSync(join(queue, 'run'))
    const ids = Array.from({ length: 200 }, (_, n) => `20261122T101500.${String(n).padStart(6, '0')}-x7f2k9`)
    for (const id of ids) writeFileSync(join(queue, 'que', id), id)
    // Claims as fast as the file system lets it, from the other end.
    const claimer = spawn('/bin/sh', ['-c', 'for f in $(ls -r que); do mv que/$f run/ 2>/dev/null; done'], {
      cwd: queue,
    })
    const ended = new Promise((resolve) => claimer.on('exit', resolve))
    const said = await rq(root, ['hold', ...ids])
    await ended
    const held = said.lines.filter((line) => line.endsWith(' held')).map((line) => line.split(' ')[0])
    expect(namesIn(queue, 'pause')).toEqual(held)
    expect([...namesIn(queue, 'pause'), ...namesIn(queue, 'run')].toSorted()).toEqual(ids)
    expect(
      said.stderr
        .split('\n')
        .slice(0, -1)
        .every((line) => line.includes('is running')),
    ).toBe(true)
  }, 60_000)

  it('is put back by an edit only where it was', async () => {
    const { root, queue } = rootWithQueue()
    mkdirSync(join(queue, 'run'))
    writeFileSync(join(queue, 'que', `${ID}.msg`), '{"param1":"old"}')
    let isOver = false
    const claimed: string[] = []
    const worker = (async () => {
      while (!isOver) {
        for (const name of readdirSync(join(queue, 'que'))) {
          renameSync(join(queue, 'que', name), join(queue, 'run', name))
          claimed.push(readFileSync(join(queue, 'run', name), 'utf8'))
        }
        await new Promise((resolve) => setImmediate(resolve))
      }
    })()
    const said = await rq(root, ['edit', ID], { env: { EDITOR: 'sed -i s/old/new/', VISUAL: '' } })
    isOver = true
    await worker
    expect([0, 66, 75]).toContain(said.code)
    expect([...claimed, ...namesIn(queue, 'que'), ...namesIn(queue, 'pause')]).toHaveLength(1)
    expect(claimed).toEqual([said.code === 0 ? '{"param1":"new"}' : '{"param1":"old"}'])
  })
})
