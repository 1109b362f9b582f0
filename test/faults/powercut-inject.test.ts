/** What `rq inject` told of survives a power cut, whole; what it did not is whole or not there. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { BIN, makeQueue } from '../helpers/daemon.ts'
import { until } from '../helpers/until.ts'
import { skipLoudly } from './mount.ts'
import { openPowerRig, type PowerRig, powercutUnavailable } from './powercut.ts'

const MODES = [
  ['full', { durability: 'full' }, {}],
  ['group', { durability: 'group' }, {}],
  ['group, without the native module', { durability: 'group' }, { RQD_NATIVE: 'off' }],
] as const

let rig: PowerRig
let root: string
let files: string

beforeEach(() => {
  rig = openPowerRig()
  root = join(rig.dir, 'root')
  files = join(rig.dir, 'files')
  mkdirSync(files)
  for (let i = 0; i < 40; i += 1) writeFileSync(join(files, `f${i}.txt`), `${i}\n`.repeat(1000))
})
afterEach(() => rig.close())

describe.skipIf(skipLoudly('power cuts', powercutUnavailable()))('after a power cut', () => {
  describe.each(MODES)('with durability %s', (_mode, config, env) => {
    const one = ['f1.txt']
    const many = Array.from({ length: 40 }, (_, i) => `f${i}.txt`)
    test.each([
      ['a file', one, 1],
      ['forty files', many, 40],
      ['an item with two attachments', ['--attach', 'f1.txt', 'f2.txt', '--param1', 'x'], 1],
      ['a message', ['--param1', 'x'], 1],
      ['a file under a fixed id', ['f1.txt', '--id', '20261122T101600.000000-aaaaaa'], 1],
    ])('%s that was told of is there', async (_what, args, count) => {
      makeQueue(root, 'q', undefined, config)
      const child = spawnSync(process.execPath, [BIN.rq, '--root', root, 'inject', 'q', ...args], {
        cwd: files,
        env: { ...process.env, ...env },
        encoding: 'utf8',
      })
      expect(child.stderr).toBe('')
      const remains = await rig.cut()
      expect(child.stdout.trim().split('\n')).toHaveLength(count)
      expect(found(remains.dir).toSorted()).toEqual(child.stdout.trim().split('\n').toSorted())
    })

    test('a queue made a moment ago is there with it', async () => {
      makeQueue(root, 'elsewhere')
      const child = rq(['create', 'q', '--handler', '/bin/true'], env)
      expect(child.stderr).toBe('')
      const id = rq(['inject', 'q', 'f1.txt'], env).stdout.trim()
      const remains = await rig.cut()
      expect(found(remains.dir)).toEqual([id])
    })

    test('whatever a writer without a pause was told is there, and nothing half', async () => {
      makeQueue(root, 'q', undefined, config)
      const writer = startWriter(env)
      try {
        for (let round = 1; round <= 3; round += 1) {
          await until(() => writer.told().length >= round * 15, 20_000)
          const told = writer.told()
          const remains = await rig.cut({ freeze: [writer.child.pid ?? 0] })
          expect(found(remains.dir)).toEqual(expect.arrayContaining(told))
          remains.close()
          await sleep(20)
        }
      } finally {
        writer.child.kill('SIGKILL')
        await new Promise((resolve) => writer.child.once('close', resolve))
      }
    }, 90_000)
  })

  test('a queue that promises nothing loses what it was given: the cut is one', async () => {
    makeQueue(root, 'q', undefined, { durability: 'none' })
    spawnSync('sync', ['-f', rig.dir])
    expect(rq(['inject', 'q', 'f1.txt'], {}).stdout).not.toBe('')
    const remains = await rig.cut()
    expect(found(remains.dir)).toEqual([])
  })
})

function rq(args: readonly string[], env: object) {
  return spawnSync(process.execPath, [BIN.rq, '--root', root, ...args], {
    cwd: files,
    env: { ...process.env, ...env },
    encoding: 'utf8',
  })
}

/** One `rq inject --json -` that is given a message every few milliseconds. */
function startWriter(env: object): { readonly child: ChildProcess; told(): string[] } {
  const child = spawn(process.execPath, [BIN.rq, '--root', root, 'inject', 'q', '--json', '-'], {
    env: { ...process.env, ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  let said = ''
  child.stdout.on('data', (data: Buffer) => {
    said += data
  })
  let n = 0
  const timer = setInterval(() => {
    n += 1
    child.stdin.write(`${JSON.stringify({ param1: 'x', param2: 'y'.repeat(n % 5000) })}\n`)
  }, 4)
  child.stdin.on('error', () => clearInterval(timer))
  child.once('close', () => clearInterval(timer))
  return { child, told: () => said.split('\n').slice(0, -1) }
}

/** The ids in que/ of what is left. Each must be whole. */
function found(dir: string): string[] {
  const que = join(dir, 'root/queue/q/que')
  return readdirSync(que).map((name) => {
    checkWhole(join(que, name))
    return name.split(',')[0]?.replace(/\.msg$/, '') ?? ''
  })
}

function checkWhole(path: string): void {
  if (path.endsWith('.msg')) expect(JSON.parse(readFileSync(path, 'utf8')), path).toMatchObject({ param1: 'x' })
  else if (statSync(path).isFile()) checkText(path)
  else {
    JSON.parse(readFileSync(join(path, 'msg'), 'utf8'))
    for (const name of readdirSync(join(path, 'attach'))) checkText(join(path, 'attach', name))
  }
}

function checkText(path: string): void {
  const lines = readFileSync(path, 'utf8').split('\n')
  expect(lines.length, path).toBe(1001)
  expect(new Set(lines).size, path).toBe(2)
}
