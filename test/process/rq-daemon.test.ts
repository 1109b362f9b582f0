/** What rq does with a daemon that runs: wait, log -f, result, kill. */
import { chmodSync, existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Daemon, makeQueue, startDaemon, tempRoot } from '../helpers/daemon.ts'
import { rq } from '../helpers/rq.ts'
import { until } from '../helpers/until.ts'

const HANDLER = `#!/bin/sh
echo "first line"
printf 'run 40%% half way\\n' >&3
[ "$RQ_PARAM3" = result ] && echo '{"total":3}' > "$RQ_RESULT"
while [ -n "$RQ_PARAM1" ] && [ ! -e "$RQ_PARAM1" ]; do sleep 0.05; done
echo "last line"
exit \${RQ_PARAM2:-0}
`

let root: string
let daemon: Daemon

beforeAll(async () => {
  root = tempRoot()
  makeQueue(root, 'q', HANDLER, { slots: 4, term_timeout: '2s' })
  const down = makeQueue(root, 'next')
  writeFileSync(join(down, 'handler'), '#!/bin/sh\nexit 0\n')
  chmodSync(join(down, 'handler'), 0o755)
  daemon = await startDaemon(root)
})

afterAll(() => daemon.stop())

async function inject(...args: string[]): Promise<string> {
  const said = await rq(root, ['inject', 'q', ...args])
  expect(said).toMatchObject({ code: 0, stderr: '' })
  return said.lines[0] ?? ''
}

async function statusOf(id: string): Promise<string> {
  const { stdout } = await rq(root, ['show', id, '--json'])
  return (JSON.parse(stdout) as { status: string }).status
}

const running = (id: string) => until(async () => (await statusOf(id)) === 'running', 10_000)

describe('rq wait', () => {
  it('answers 0 when all are done, and 1 when one failed', async () => {
    const [good, bad] = [await inject(), await inject('--param2', '3')]
    expect(await rq(root, ['wait', good])).toMatchObject({ code: 0, stdout: `${good} done\n`, stderr: '' })
    const said = await rq(root, ['wait', good, bad, '--json'])
    expect(said).toMatchObject({ code: 1, stderr: '' })
    expect(said.lines.map((line) => JSON.parse(line))).toEqual([
      { queue: 'q', id: good, state: 'done', text: '' },
      { queue: 'q', id: bad, state: '_err', text: 'exit 3' },
    ])
  })
  it('is woken by the end of an item that runs', async () => {
    const go = join(root, 'go-1')
    const id = await inject('--param1', go)
    await running(id)
    const waiting = rq(root, ['wait', id])
    await until(() => existsSync(join(root, 'queue/q/run', id)))
    writeFileSync(go, '')
    expect(await waiting).toMatchObject({ code: 0 })
  })
  it('gives up in time, with 75', async () => {
    const go = join(root, 'go-2')
    const id = await inject('--param1', go)
    await running(id)
    expect(await rq(root, ['wait', id, '--timeout', '200ms'])).toMatchObject({
      code: 75,
      stderr: expect.stringContaining('has not ended: it lies in run'),
    })
    writeFileSync(go, '')
    expect(await rq(root, ['wait', id, '--timeout', '20s'])).toMatchObject({ code: 0 })
  })
  it('says of an item that is removed meanwhile that it is gone', async () => {
    await rq(root, ['pause', 'q'])
    const id = await inject()
    const waiting = rq(root, ['wait', id])
    await rq(root, ['rm', id])
    expect(await waiting).toMatchObject({ code: 66, stderr: expect.stringMatching(/gone|no item/) })
    await rq(root, ['resume', 'q'])
  })
  it('counts what was relayed as done', async () => {
    const { lines } = await rq(root, ['inject', 'q', '--param2', '99', '--json', '-'], {
      input: '{"dest":"next","param2":"99"}\n',
    })
    const said = await rq(root, ['wait', lines[0] ?? '', '--json'])
    expect(said).toMatchObject({ code: 0 })
    expect(JSON.parse(said.stdout)).toMatchObject({ state: 'relayed' })
  })
})

describe('rq log -f', () => {
  it('goes on through the end of the item, wherever it moves', async () => {
    const go = join(root, 'go-3')
    const id = await inject('--param1', go, '--in', '1s')
    const following = rq(root, ['log', id, '-f'])
    await running(id)
    writeFileSync(go, '')
    const said = await following
    expect(said).toMatchObject({ code: 0, stderr: '' })
    expect(said.stdout).toMatch(/first line\nlast line\n$/)
  })
})

describe('rq result', () => {
  it('prints what the handler left', async () => {
    const id = await inject('--param3', 'result')
    await rq(root, ['wait', id])
    expect(await rq(root, ['result', id])).toMatchObject({ code: 0, stdout: '{"total":3}\n' })
  })
})

describe('rq show of an item that runs', () => {
  it('shows its progress', async () => {
    const go = join(root, 'go-4')
    const id = await inject('--param1', go)
    await running(id)
    const progress = await until(async () => {
      const { stdout } = await rq(root, ['show', id, '--json'])
      return (JSON.parse(stdout) as { progress: unknown }).progress
    })
    expect(progress).toEqual({ percent: 40, text: 'half way' })
    writeFileSync(go, '')
    await rq(root, ['wait', id])
  })
})

describe('rq kill', () => {
  it('returns when the item has ended as failed', async () => {
    const id = await inject('--param1', join(root, 'never'))
    await running(id)
    const said = await rq(root, ['kill', id])
    expect(said).toMatchObject({ code: 0, stdout: `${id} ended in _err (canceled)\n` })
    expect(existsSync(join(root, 'queue/q/_err', id))).toBe(true)
  })
  it('ends all that match a query, and nothing else', async () => {
    const ids = await Promise.all(
      ['red', 'red', 'blue'].map((tag) => inject('--tag', tag, '--param1', join(root, 'never'))),
    )
    for (const id of ids) await running(id)
    const [first = '', second = '', other = ''] = ids
    expect((await rq(root, ['kill', 'q', '--where', 'tag:red', '--dry-run'])).stdout).toBe('q: 2 matches\n')
    expect(await rq(root, ['kill', 'q', '--where', 'tag:red'])).toMatchObject({ code: 0 })
    expect(await Promise.all([first, second, other].map(statusOf))).toEqual(['failed', 'failed', 'running'])
    expect(await rq(root, ['kill', other])).toMatchObject({ code: 0 })
  })
})

describe('rq retry', () => {
  it('makes an item that failed run again', async () => {
    const go = join(root, 'go-5')
    const id = await inject('--param1', go, '--param2', '1')
    writeFileSync(go, '')
    expect(await rq(root, ['wait', id])).toMatchObject({ code: 1 })
    await rq(root, ['retry', id])
    expect(await rq(root, ['wait', id])).toMatchObject({ code: 1 })
    const { stdout } = await rq(root, ['show', id, '--json'])
    expect((JSON.parse(stdout) as { attempts: unknown[] }).attempts).toHaveLength(2)
  })
})
