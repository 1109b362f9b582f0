/** Numbers that no double holds stay what they are, from the producer's line to what every verb prints. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { makeQueue, startDaemon, tempRoot } from '../helpers/daemon.ts'
import { namesIn, rq } from '../helpers/rq.ts'
import { until } from '../helpers/until.ts'

const ID = '20261122T101500.123456-x7f2k9'
const PARAMS =
  '{"user":9007199254740993,"amount":0.1234567890123456789,"far":1e400,"list":[123456789012345678901234567890,-0]}'
const HANDLER = `#!/bin/sh
printf '{"seen":%s,"user":%s}' "$RQ_PARAMS" "$RQ_PARAM1" > "$RQ_RESULT"
exit 65
`
const AFTER = '#!/bin/sh\nprintf "%s" "$RQ_PARAMS" > ../../../after\n'
const ENQUEUE = '#!/bin/sh\ncat > asked\n'

function queueWith(root: string, handler: string, hooks: Record<string, string> = {}, config?: object): string {
  const queue = makeQueue(root, 'q', handler, config)
  mkdirSync(join(queue, 'hooks'))
  for (const [name, text] of Object.entries(hooks)) writeFileSync(join(queue, 'hooks', name), text, { mode: 0o755 })
  return queue
}

function failedMsg(queue: string): string {
  return readFileSync(join(queue, '_err', ID, 'msg'), 'utf8')
}

function attempts(queue: string): number {
  return namesIn(queue, '_err').includes(ID) ? JSON.parse(failedMsg(queue)).attempts.length : 0
}

it('numbers that no double holds survive inject, edit, runs, hooks, retry and all that prints them', async () => {
  const root = tempRoot()
  const queue = queueWith(root, HANDLER, { enqueue: ENQUEUE, after: AFTER })
  const line = `{"param1":9007199254740993,"own":[12345678901234567.5],"params":${PARAMS}}\n`
  expect(await rq(root, ['inject', 'q', '--json', '-', '--id', ID], { input: line })).toMatchObject({ code: 2 })
  expect(await rq(root, ['inject', 'q', '--json', '-', '--param', 'more=1'], { input: line })).toMatchObject({
    code: 0,
  })
  const [dropped = ''] = namesIn(queue, 'que')
  const written = readFileSync(join(queue, 'que', dropped), 'utf8')
  expect(written).toContain(PARAMS.slice(0, -1))
  expect(written).toContain('"param1": "9007199254740993"')
  expect(written).toContain('"own": [12345678901234567.5]')
  expect(readFileSync(join(queue, 'asked'), 'utf8')).toContain(PARAMS.slice(0, -1))
  await rq(root, ['rm', 'q', '--where', 'waiting'])

  writeFileSync(join(queue, 'que', `${ID}.msg`), line)
  expect(await rq(root, ['edit', ID, '--set', 'src=me', '--set', 'param.note=x'])).toMatchObject({ code: 0 })
  const noted = `${PARAMS.slice(0, -1)},"note":"x"}`
  expect(readFileSync(join(queue, 'que', `${ID}.msg`), 'utf8')).toContain(`"params": ${noted}`)

  const daemon = await startDaemon(root)
  await until(() => attempts(queue) === 1, 10_000, 'the first run')
  expect(failedMsg(queue)).toContain(`"params": ${noted}`)
  expect(failedMsg(queue)).toContain(`"result": {"seen":${noted},"user":9007199254740993}`)
  expect(readFileSync(join(queue, 'after'), 'utf8')).toBe(noted)
  expect(await rq(root, ['retry', ID])).toMatchObject({ code: 0 })
  await until(() => attempts(queue) === 2, 10_000, 'the second run')
  await daemon.stop()

  expect(failedMsg(queue)).toContain(`"params": ${noted}`)
  const shown = await rq(root, ['show', ID])
  expect(shown.stdout).toContain('user=9007199254740993\n')
  expect(shown.stdout).toContain('amount=0.1234567890123456789\n')
  expect(shown.stdout).toContain('[123456789012345678901234567890,-0]')
  expect((await rq(root, ['show', ID, '--json'])).stdout).toContain(`"params":${noted}`)
  expect((await rq(root, ['peek', 'q', 'failed', '--json'])).stdout).toContain(noted.replaceAll('"', '\\"'))
  expect((await rq(root, ['result', ID])).stdout).toBe(`{"seen":${noted},"user":9007199254740993}\n`)
}, 60_000)

it('a message that differs in the last digit of a number is another one', async () => {
  const root = tempRoot()
  const queue = queueWith(root, '#!/bin/sh\n')
  writeFileSync(join(queue, 'que', `${ID}.msg`), '{"params":{"user":9007199254740992}}')
  const input = '{"params":{"user":9007199254740993}}'
  expect(await rq(root, ['edit', ID, '--message', '-'], { input })).toMatchObject({ code: 0 })
  expect(readFileSync(join(queue, 'que', `${ID}.msg`), 'utf8')).toContain('"user":9007199254740993')
  expect((await rq(root, ['clone', ID])).code).toBe(0)
  expect((await rq(root, ['ls', 'q', 'param.user=9007199254740993', '--ids'])).lines).toHaveLength(2)
})

it('queries compare parameters as the numbers that they are', async () => {
  const root = tempRoot()
  const queue = queueWith(root, '#!/bin/sh\n')
  const users = ['9007199254740992', '9007199254740993', '"9007199254740994"', '0.1234567890123456789', '"x"']
  for (const [index, user] of users.entries())
    writeFileSync(join(queue, 'que', `2026112210150${index}.msg`), `{"params":{"user":${user}}}`)
  const found = async (query: string) =>
    (await rq(root, ['ls', 'q', query, '--ids'])).lines.map((name) => Number(name.replace('.msg', '').at(-1)))
  expect(await found('param.user=9007199254740993')).toEqual([1])
  expect(await found('param.user:9007199254740992')).toEqual([0])
  expect(await found('param.user>9007199254740992')).toEqual([1, 2])
  expect(await found('param.user>=9007199254740993')).toEqual([1, 2])
  expect(await found('param.user<9007199254740993')).toEqual([0, 3])
  expect(await found('param.user<=0.1234567890123456788')).toEqual([])
  expect(await found('param.user<=1.234567890123456789e-1')).toEqual([3])
}, 30_000)

it('a schedule fires with the numbers that its configuration has', async () => {
  const root = tempRoot()
  const queue = queueWith(root, '#!/bin/sh\n')
  writeFileSync(
    join(queue, 'config.json'),
    `{"settle":1.00000000000000000000,"schedules":{"now":{"by_hand":true,"params":${PARAMS}}}}`,
  )
  expect(await rq(root, ['schedule', 'run', 'q', 'now', '--param', 'more=1'])).toMatchObject({ code: 0, stderr: '' })
  const [name = ''] = namesIn(queue, 'que')
  expect(readFileSync(join(queue, 'que', name), 'utf8')).toContain(PARAMS.slice(0, -1))
  expect((await rq(root, ['config', 'q', '--json'])).stdout).toContain(PARAMS)
}, 30_000)
