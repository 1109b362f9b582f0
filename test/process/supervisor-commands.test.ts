/** `rqd` as a person calls it. */
import { execFileSync, spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { handler } from '../fixtures/handlers.ts'
import { BIN, kill, makeQueue, startDaemon, tempRoot } from '../helpers/daemon.ts'
import { isRunning, rqd, workersOf } from '../helpers/rqd.ts'
import { until } from '../helpers/until.ts'
import { openQueue, testQueue } from '../helpers/worker.ts'

function pidOf(root: string): number {
  return Number(readFileSync(join(root, 'rqd.pid'), 'utf8'))
}

describe('rqd start --daemon', () => {
  test('makes a missing root and says so, returns when ready, logs to a file, ends by rqd stop', async () => {
    const root = join(tempRoot(), 'not', 'yet')
    const answer = await rqd('start', '--daemon', '--root', root)
    expect(answer).toMatchObject({ code: 0, stderr: expect.stringContaining('made a new root') })
    expect(answer.stdout).toContain(`pid ${pidOf(root)}`)
    expect(statSync(root).mode & 0o777).toBe(0o700)
    expect(readFileSync(join(root, 'rqd.log'), 'utf8')).toContain('"kind":"daemon-started"')
    expect(await rqd('reload', '--root', root)).toMatchObject({ code: 0 })
    await until(() => readFileSync(join(root, 'rqd.log'), 'utf8').includes('"kind":"reloading"'))
    const pid = pidOf(root)
    expect(await rqd('stop', '--root', root)).toMatchObject({ code: 0 })
    expect(isRunning(pid)).toBe(false)
  })

  test('says why it does not start', async () => {
    const root = tempRoot()
    mkdirSync(join(root, 'queue'))
    mkdirSync(join(root, '_lock'))
    const answer = await rqd('start', '--daemon', '--root', root)
    expect(answer.code).not.toBe(0)
    expect(answer.stderr).toContain('rqd.log says why')
    expect(readFileSync(join(root, 'rqd.log'), 'utf8')).toContain('EISDIR')
  })
})

describe('rqd stop', () => {
  test('logs to the file that it is told', async () => {
    const root = tempRoot()
    const answer = await rqd('start', '--daemon', '--root', root, '--log', join(root, 'my.log'))
    expect(answer).toMatchObject({ code: 0, stdout: expect.stringContaining(`its log is ${join(root, 'my.log')}`) })
    expect(readFileSync(join(root, 'my.log'), 'utf8')).toContain('"kind":')
    expect(existsSync(join(root, 'rqd.log'))).toBe(false)
    expect(await rqd('stop', '--root', root)).toMatchObject({ code: 0 })
  })

  test('--detach and restart leave handlers running for the next daemon', async () => {
    const queue = testQueue(handler('sleeps.sh'))
    const root = join(queue.path, '../..')
    await rqd('start', '--daemon', '--root', root)
    const id = queue.send({ param1: '4' })
    await until(() => queue.stateOf(id) === 'run')
    const first = pidOf(root)
    expect(await rqd('restart', '--root', root)).toMatchObject({ code: 0 })
    const second = pidOf(root)
    expect(second).not.toBe(first)
    expect(await rqd('stop', '--detach', '--root', root)).toMatchObject({ code: 0 })
    expect(queue.stateOf(id)).toBe('run')
    await rqd('start', '--daemon', '--root', root)
    expect(await queue.settled(id)).toBe('done')
    expect(queue.attempts(id)).toHaveLength(1)
    await rqd('stop', '--root', root)
  })

  test('--drain --timeout: what is not finished by then is stopped', async () => {
    const queue = testQueue(handler('sleeps.sh'))
    const daemon = await startDaemon(join(queue.path, '../..'))
    const id = queue.send({ param1: '60' })
    await until(() => queue.stateOf(id) === 'run' && existsSync(join(queue.dirOf(id), 'job/stdio.log')))
    expect(await rqd('stop', '--drain', '--timeout', '1s', '--root', daemon.root)).toMatchObject({ code: 0 })
    expect(queue.stateOf(id)).toBe('que')
  })

  test('without a daemon: stop has nothing to do, reload and status say 69', async () => {
    const root = tempRoot()
    mkdirSync(join(root, 'queue'))
    expect(await rqd('stop', '--root', root)).toMatchObject({ code: 0, stdout: expect.stringContaining('no daemon') })
    expect(await rqd('reload', '--root', root)).toMatchObject({ code: 69 })
    expect(await rqd('status', '--root', root)).toMatchObject({ code: 69 })
  })
})

test('rqd status --json', async () => {
  const queue = openQueue(makeQueue(tempRoot(), 'a queue'))
  const root = join(queue.path, '../..')
  writeFileSync(join(queue.path, '_paused'), '')
  queue.drop()
  const daemon = await startDaemon(root)
  const worker = await until(() => workersOf(daemon.pid).get('a queue'))
  const answer = await rqd('status', '--json', '--root', root)
  expect(answer.code).toBe(0)
  expect(JSON.parse(answer.stdout)).toMatchObject({
    root,
    running: true,
    pid: daemon.pid,
    paused: false,
    queues: [{ name: 'a queue', worker, waiting: 1, running: 0, failed: 0, paused: true, down: false }],
  })
  await daemon.stop()
})

describe('rqd check', () => {
  test('names file, key and fix of everything that is wrong, and starts nothing', async () => {
    const root = tempRoot()
    makeQueue(root, 'good')
    makeQueue(root, 'typo', undefined, { slotz: 1, relay_to: 'x' })
    makeQueue(root, 'relay', undefined, { relay_to: 'god' })
    rmSync(join(makeQueue(root, 'empty'), 'handler'))
    chmodSync(join(makeQueue(root, 'plain'), 'handler'), 0o644)
    writeFileSync(join(root, '_format'), '1\n')
    const answer = await rqd('check', '--json', '--root', root)
    expect(answer.code).toBe(1)
    const { problems } = JSON.parse(answer.stdout)
    const path = (name: string) => join(root, 'queue', name)
    expect(problems).toHaveLength(4)
    expect(problems).toEqual(
      expect.arrayContaining([
        { file: path('typo/config.json'), key: 'slotz', problem: 'is no known key', fix: 'did you mean "slots"?' },
        {
          file: path('relay/config.json'),
          key: 'relay_to',
          problem: 'there is no queue "god"',
          fix: 'did you mean "good"?',
        },
        { file: path('empty/handler'), key: '', problem: 'there is no handler', fix: expect.anything() },
        {
          file: path('plain/handler'),
          key: '',
          problem: 'the handler may not be executed',
          fix: expect.stringContaining('chmod'),
        },
      ]),
    )
    expect(existsSync(path('good/run'))).toBe(false)
  })

  test('finds nothing where nothing is wrong', async () => {
    const root = tempRoot()
    makeQueue(root, 'good')
    writeFileSync(join(root, '_format'), '1\n')
    expect(await rqd('check', '--root', root)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('1 queue, nothing wrong'),
    })
  })
})

describe('rqd doctor', () => {
  test('has nothing bad to say of a root that works', async () => {
    const root = tempRoot()
    makeQueue(root, 'a')
    const daemon = await startDaemon(root)
    const answer = await rqd('doctor', '--json', '--root', root)
    const { findings } = JSON.parse(answer.stdout)
    expect(findings.filter((finding: { level: string }) => finding.level === 'bad')).toEqual([])
    const cgroups = findings.find(({ name }: { name: string }) => name === 'memory cgroups')
    expect(cgroups).toMatchObject({ level: 'ok', found: expect.stringMatching(/^(version [12], in \/|none: .)/) })
    expect(answer.code).toBe(0)
    await daemon.stop()
  })

  test('finds a mount within a queue, and slots without a worker', { skip: process.getuid?.() !== 0 }, async () => {
    const queue = testQueue(handler('sleeps.sh'))
    const root = join(queue.path, '../..')
    const daemon = await startDaemon(root)
    const id = queue.send({ param1: '60' })
    await until(() => queue.stateOf(id) === 'run' && existsSync(join(queue.dirOf(id), 'job/stdio.log')))
    await daemon.stop('SIGKILL')
    const done = join(queue.path, 'done')
    mkdirSync(done, { recursive: true })
    execFileSync('mount', ['--bind', done, done])
    try {
      const answer = await rqd('doctor', '--json', '--root', root)
      expect(answer.code).toBe(1)
      const byName = new Map<string, { level: string; found: string; fix: string }>(
        JSON.parse(answer.stdout).findings.map((finding: { name: string }) => [finding.name, finding]),
      )
      expect(byName.get('moving between states')).toMatchObject({
        level: 'bad',
        found: expect.stringContaining('EXDEV'),
      })
      expect(byName.get('slots left over')).toMatchObject({ level: 'warn', fix: expect.stringMatching(/kill -- -\d+/) })
    } finally {
      execFileSync('umount', [done])
    }
  })
})

test('rqd demo runs a first item and says what to try', async () => {
  const root = join(tempRoot(), 'demo')
  const demo = spawn(process.execPath, [BIN.rqd, 'demo', '--root', root], { stdio: ['ignore', 'pipe', 'ignore'] })
  let said = ''
  demo.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  const ended = new Promise<number | null>((resolve) => demo.on('close', resolve))
  const queue = openQueue(join(root, 'queue', 'count'))
  await until(() => existsSync(join(root, 'queue/count/done')) && queue.names('done').length === 1, 20_000)
  await until(
    () => said.includes('A first item went through.') && said.includes('export RQ_ROOT='),
    10_000,
    () => said,
  )
  kill(pidOf(root), 'SIGINT')
  expect(await ended).toBe(0)
  const [name = ''] = queue.names('done')
  expect(queue.msg(name).attempts).toMatchObject([{ verdict: 'done', text: '14 words' }])
})

test('a near miss of a command suggests the right one; usage errors exit with 2', async () => {
  expect(await rqd('statsu')).toMatchObject({ code: 2, stderr: expect.stringContaining('Did you mean status?') })
  expect(await rqd('stop', '--timeout', 'soon')).toMatchObject({ code: 2, stderr: expect.stringContaining('duration') })
  expect(await rqd('stop', '--drain', '--detach')).toMatchObject({ code: 2 })
  expect(await rqd('start', '--help')).toMatchObject({ code: 0, stdout: expect.stringContaining('Examples:') })
})
