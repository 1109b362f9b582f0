/** The handlers in examples/handlers, each doing what its first lines say. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, expect, test } from 'vitest'
import { type Daemon, makeQueue, startDaemon, tempRoot } from '../helpers/daemon.ts'
import { until } from '../helpers/until.ts'
import { newId, openQueue, type TestQueue } from '../helpers/worker.ts'

const HANDLERS = fileURLToPath(new URL('../../examples/handlers/', import.meta.url))

let daemon: Daemon

beforeAll(async () => {
  daemon = await startDaemon(tempRoot())
})

let made = 0

function queueWith(handler: string, config: object = {}): TestQueue {
  made += 1
  const path = makeQueue(daemon.root, `q${made}`, undefined, { handler: join(HANDLERS, handler), ...config })
  return openQueue(path)
}

/** Drops a file of that name as a person would: written elsewhere, renamed in. */
function dropNamed(queue: TestQueue, name: string, content: string): void {
  writeFileSync(join(queue.path, `.${name}`), content)
  renameSync(join(queue.path, `.${name}`), join(queue.path, 'que', name))
}

/** An item with attachments: built beside que/, renamed in when it is whole. */
function sendWithFiles(queue: TestQueue, msg: object, files: Readonly<Record<string, string>>): string {
  const id = newId()
  const building = join(queue.path, 'prep', id)
  mkdirSync(join(building, 'attach'), { recursive: true })
  for (const [name, content] of Object.entries(files)) writeFileSync(join(building, 'attach', name), content)
  writeFileSync(join(building, 'msg'), JSON.stringify(msg))
  renameSync(building, join(queue.path, 'que', id))
  return id
}

const attemptOf = (queue: TestQueue, id: string) => queue.attempts(id).at(-1)

test('payload.sh: prints what it was given', async () => {
  const queue = queueWith('payload.sh')
  const id = queue.drop('some text\n')
  expect(await queue.settled(id)).toBe('done')
  expect(queue.log(id)).toMatch(/^The payload is argument 1 .*: \.\.\/attach\/payload$/m)
  expect(queue.log(id)).toContain('10 bytes')
  expect(queue.log(id)).toContain(`RQ_MSG_ID=${id}`)
  expect(readFileSync(join(queue.dirOf(id), 'job/beginning'), 'utf8')).toBe('some text\n')
})

test('payload.sh: takes a message without a file, too', async () => {
  const queue = queueWith('payload.sh')
  const id = queue.send({ param1: 'a' })
  expect(await queue.settled(id)).toBe('done')
  expect(queue.log(id)).toContain('RQ_PARAM1=a')
})

test('parameters.py: fills a template; a missing parameter is never retried', async () => {
  const queue = queueWith('parameters.py', { retry: { limit: 3 } })
  const letter = (params: object) => sendWithFiles(queue, { params }, { 'letter.txt': 'Dear $name, come on $day.\n' })
  const whole = letter({ name: 'Ada', day: 'Monday' })
  const torn = letter({ name: 'Ada' })
  expect(await queue.settled(whole)).toBe('done')
  expect(readFileSync(join(queue.dirOf(whole), 'job/letter.txt'), 'utf8')).toBe('Dear Ada, come on Monday.\n')
  expect(await queue.settled(torn)).toBe('_err')
  expect(queue.attempts(torn)).toHaveLength(1)
  expect(attemptOf(queue, torn)).toMatchObject({ exit: 65, text: expect.stringContaining("'day'") })
})

test('progress.pl: tells how far it is, counts words', async () => {
  const queue = queueWith('progress.pl')
  const id = queue.drop('the quick brown fox jumps over the lazy dog\n'.repeat(1000))
  expect(await queue.settled(id)).toBe('done')
  expect(attemptOf(queue, id)?.text).toBe('8 different words')
  expect(queue.log(id)).toMatch(/^ +2000 the$/m)
})

test('result.mjs: answers with a summary; what is not JSON fails for good', async () => {
  const queue = queueWith('result.mjs')
  const id = queue.drop('{"name": "x", "version": "1.2.3", "dependencies": {"a": "1"}}')
  expect(await queue.settled(id)).toBe('done')
  expect(queue.msg(id).result).toEqual({ name: 'x', version: '1.2.3', license: null, dependencies: 1, scripts: [] })
  const bad = queue.drop('{')
  expect(await queue.settled(bad)).toBe('_err')
  expect(attemptOf(queue, bad)?.exit).toBe(65)
})

test('resend.sh: asks to be run again until the file is there', async () => {
  const queue = queueWith('resend.sh')
  const wanted = join(daemon.root, 'arrived')
  const id = queue.send({ param1: wanted })
  await until(() => queue.names('que').some((name) => name.startsWith(`${id},t`)))
  writeFileSync(wanted, '')
  expect(await queue.settled(id)).toBe('done')
  expect(queue.attempts(id).map(({ verdict }) => verdict)).toEqual(['reschedule', 'done'])
})

test('relay.pl: sorts files into queues by their ending', async () => {
  const data = openQueue(makeQueue(daemon.root, 'data'))
  const queue = queueWith('relay.pl', { env: { ROUTES: 'json=data csv=data' } })
  dropNamed(queue, 'numbers.csv', '1,2,3\n')
  const [id = ''] = await until(() => queue.names('relayed').length > 0 && queue.names('relayed'))
  const { relay } = queue.msg(id)
  expect(relay?.to).toBe('data')
  expect(await data.settled(relay?.id ?? '')).toBe('done')
  expect(readFileSync(join(data.dirOf(relay?.id ?? ''), 'attach/numbers.csv'), 'utf8')).toBe('1,2,3\n')

  dropNamed(queue, 'picture.gif', '')
  const [failed = ''] = await until(() => queue.names('_err').length > 0 && queue.names('_err'))
  expect(attemptOf(queue, failed)?.text).toBe('no route for picture.gif')
})

test('dup.py: a copy to each subscriber, and an answer of each', async () => {
  const mail = openQueue(makeQueue(daemon.root, 'mail'))
  const search = openQueue(makeQueue(daemon.root, 'search'))
  const queue = queueWith('dup.py', { dup: true, env: { SUBSCRIBERS: 'mail 3600:search' } })
  const id = queue.drop('news')
  expect(await queue.settled(id)).toBe('done')
  const [, first = ''] = /^mail: ok (.*)$/m.exec(queue.log(id)) ?? []
  expect(await mail.settled(first)).toBe('done')
  expect(mail.msg(first).orig_msg_id).toBe(id)
  const [, second = ''] = /^search: ok (.*)$/m.exec(queue.log(id)) ?? []
  expect(search.names('que').find((name) => name.startsWith(second))).toMatch(/,t\d+$/)
})

test('dup.py: says which subscriber it did not reach, and tries again', async () => {
  const queue = queueWith('dup.py', { dup: true, max_attempts: 1, env: { SUBSCRIBERS: 'nobody' } })
  const id = queue.drop('news')
  expect(await queue.settled(id)).toBe('_err')
  expect(queue.log(id)).toContain('nobody: fail there is no queue "nobody"')
})
