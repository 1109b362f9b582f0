import { type SpawnSyncReturns, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { skipLoudly } from './mount.ts'
import { type CountedCall, type FaultPlan, faultEnv, readCalls, shimUnavailable, sweep } from './shim.ts'

let dir: string
let root: string
let log: string

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'rqd-shim-'))
  root = join(dir, 'root')
  log = join(dir, 'calls')
  mkdirSync(root)
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

describe.skipIf(skipLoudly('the file-system shim', shimUnavailable()))('the file-system shim', () => {
  test.each<[script: string, expected: string[]]>([
    [`fs.openSync('a', 'wx')`, ['open a']],
    [`fs.writeSync(fs.openSync('a', 'w'), 'x')`, ['open a', 'write a']],
    [`fs.writeSync(fs.openSync('a', 'w'), 'x', 7)`, ['open a', 'pwrite a']],
    [`fs.writevSync(fs.openSync('a', 'w'), two)`, ['open a', 'writev a']],
    [`fs.writevSync(fs.openSync('a', 'w'), two, 7)`, ['open a', 'pwritev a']],
    [`fs.renameSync('old', 'new')`, ['rename old new']],
    [`fs.mkdirSync('d')`, ['mkdir d']],
    [`fs.linkSync('old', 'new')`, ['link old new']],
    [`fs.symlinkSync('old', 'new')`, ['symlink new']],
    [`fs.unlinkSync('old')`, ['unlink old']],
    [`fs.rmdirSync('empty')`, ['rmdir empty']],
    [`fs.ftruncateSync(fs.openSync('old', 'r+'), 0)`, ['open old', 'ftruncate old']],
    [`fs.fsyncSync(fs.openSync('old', 'r'))`, ['fsync old']],
    [`fs.fdatasyncSync(fs.openSync('old', 'r'))`, ['fdatasync old']],
    [`fs.fsyncSync(fs.openSync('empty', 'r'))`, ['fsync empty']],
    [`fs.fsync(fs.openSync('old', 'r'), () => {})`, ['fsync old']],
    [`fs.promises.rename('old', 'new')`, ['rename old new']],
    [`fs.renameSync(Buffer.from('old'), Buffer.from([0xff, 0x0a, 0x41]))`, ['rename old \xff\\x0aA']],
    [`fs.renameSync('empty/../old', './/new')`, ['rename old new']],
    [`fs.renameSync(process.cwd() + '/old', 'new')`, ['rename old new']],
  ])('sees %s', (script, expected) => {
    expect(callsOf(script)).toEqual(expected)
  })

  test.each([
    [`fs.opendirSync('.').readSync()`],
    [`fs.readdirSync('.')`],
    [`fs.readFileSync('old')`],
    [`fs.statSync('old')`],
    [`fs.writeFileSync('../outside', 'x')`],
    [`fs.writeFileSync('/dev/null', 'x')`],
    [`fs.writeSync(fs.openSync('fifo', 'r+'), 'x')`],
    [`process.stdout.write('x')`],
  ])('does not count %s', (script) => {
    spawnSync('mkfifo', [join(root, 'fifo')])
    expect(callsOf(script)).toEqual([])
  })

  test('sees a copy that the kernel makes', () => {
    const names = callsOf(`fs.copyFileSync('old', 'new')`)
    expect(names[0]).toBe('open new')
    expect(['copy_file_range new', 'sendfile new', 'ficlone new']).toContain(names.at(-1))
  })

  test('counts opening for reading and opendir where asked to', () => {
    expect(callsOf(`fs.readFileSync('old'); fs.opendirSync('empty')`, { reads: true })).toEqual([
      'open-read old',
      'opendir empty',
    ])
  })

  test('sees what sh and its programs do, and descriptors that a shell handed on', () => {
    const script = 'echo x > a; exec 3>> a; echo y >&3; set -C; : > b; mv a c; mkdir -p p/q; ln c d; rm d'
    expect(calls(shell(script))).toEqual([
      'open a',
      'write a',
      'open a',
      'write a',
      'open b',
      'rename a c',
      'mkdir p',
      'mkdir p/q',
      'link c d',
      'unlink d',
    ])
  })

  test('sees a function that was fetched by name from libc', () => {
    const koffi = findKoffi()
    if (skipLoudly('a function fetched from libc', koffi === undefined ? 'koffi is not installed' : undefined)) return
    const syncfs = `require(${JSON.stringify(koffi)}).load('libc.so.6').func('int syncfs(int)')`
    expect(callsOf(`${syncfs}(fs.openSync('.', 'r'))`)).toEqual(['syncfs .'])
  })

  test('counts over all threads of a process', () => {
    const script = `let n = 0
      for (let i = 0; i < 200; i++) fs.writeFile('f' + i, 'x', () => {})`
    const numbers = node(script).map((call) => call.n)
    expect(numbers.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 400 }, (_, i) => i + 1))
  })

  test('kills the process at the call, before it is carried out', () => {
    const child = spawn(`fs.mkdirSync('one'); fs.mkdirSync('two'); fs.mkdirSync('three')`, { at: 2, do: 'kill' })
    expect(child.signal).toBe('SIGKILL')
    expect(readdirSync(root).toSorted()).toEqual(['empty', 'old', 'one'])
    expect(readCalls(log).map((call) => [call.name, call.hit])).toEqual([
      ['mkdir', false],
      ['mkdir', true],
    ])
  })

  test.each(['ENOSPC', 'EIO', 'EMFILE', 'EROFS', 'EACCES'] as const)('makes a call fail once with %s', (errno) => {
    const child = spawn(tryThrice, { at: 2, do: errno })
    expect(child.stdout).toBe(`ok ${errno} ok`)
  })

  test('makes every call fail from there on, where asked to', () => {
    expect(spawn(tryThrice, { at: 2, do: 'EIO', sticky: true }).stdout).toBe('ok EIO EIO')
  })

  test('makes no call fail any more once it is healed', () => {
    const until = join(dir, 'healed')
    const script = `${tryThrice}; fs.writeFileSync(${JSON.stringify(until)}, ''); fs.mkdirSync('z')`
    expect(spawn(script, { at: 2, do: 'EIO', sticky: true, until }).stdout).toBe('ok EIO EIO')
    expect(readdirSync(root)).toContain('z')
  })

  test('fails what is called asynchronously and what goes by a system call number', () => {
    const script = `fs.promises.copyFile('old', 'new').catch((e) => console.log(e.code))`
    expect(spawn(script, { at: 1, do: 'ENOSPC', only: ['copy_file_range'] }).stdout).toBe('ENOSPC\n')
  })

  test('tears a write in the middle and kills', () => {
    const child = spawn(`fs.mkdirSync('d'); fs.writeFileSync('a', '0123456789')`, { at: 1, do: 'torn' })
    expect(child.signal).toBe('SIGKILL')
    expect(readFileSync(join(root, 'a'), 'latin1')).toBe('01234')
  })

  test('makes a write short, which Node then completes', () => {
    const child = spawn(`fs.writeFileSync('a', '0123456789')`, { at: 1, do: 'short' })
    expect(child.status).toBe(0)
    expect(readFileSync(join(root, 'a'), 'latin1')).toBe('0123456789')
    expect(callNames(readCalls(log))).toEqual(['write a', 'write a'])
  })

  test('counts only the calls and paths asked for', () => {
    const script = `fs.writeFileSync('a', 'x'); fs.writeFileSync('b', 'x'); fs.renameSync('a', 'c')`
    expect(callsOf(script, { only: ['open', 'rename'], path: '/a' })).toEqual(['open a', 'rename a c'])
  })

  test('leaves processes alone whose command line does not match', () => {
    const script = `mkdir byShell; node -e "require('fs').mkdirSync('byNode')"; perl -e 'mkdir "byPerl"'`
    expect(calls(shell(script, { match: 'byNode' }))).toEqual(['mkdir byNode'])
  })

  test('shares one counter among processes, so that only one of them is hit', () => {
    const plan = { shared: join(dir, 'counter'), at: 2, do: 'ENOSPC' } as const
    const child = shell('for i in 1 2 3 4; do mkdir $i 2>/dev/null && printf "$i "; done; true', plan)
    expect(child.stdout).toBe('1 3 4 ')
    expect(readCalls(log).map((call) => call.n)).toEqual([1, 2, 3, 4])
  })

  test('sweeps through all calls of a program and ends when it gets through', async () => {
    const seen: string[][] = []
    const rounds = await sweep({ do: 'kill' }, async (shot) => {
      const place = join(shot.dir, 'root')
      mkdirSync(place)
      const script = `fs.writeFileSync('a', 'x'); fs.renameSync('a', 'b'); fs.mkdirSync('c')`
      spawnSync(process.execPath, ['-e', script], { cwd: place, env: { ...process.env, ...shot.env(place) } })
      seen.push(readdirSync(place))
    })
    expect(rounds).toBe(4)
    expect(seen).toEqual([[], ['a'], ['a'], ['b'], ['b', 'c']])
  })

  test('a sweep whose round fails names the call that was hit', async () => {
    const failing = sweep({ do: 'EIO' }, async (shot) => {
      const place = join(shot.dir, 'root')
      mkdirSync(place)
      const env = { ...process.env, ...shot.env(place) }
      if (spawnSync('mkdir', ['x'], { cwd: place, env }).status !== 0) throw new Error('mkdir failed')
    })
    await expect(failing).rejects.toThrow(/^at call 1 \(mkdir .*\/root\/x\): mkdir failed$/)
  })
})

const tryThrice = `const say = []
  for (const name of ['x', 'y', 'z']) try { fs.mkdirSync(name); say.push('ok') } catch (e) { say.push(e.code) }
  process.stdout.write(say.join(' '))`

function prepare(): void {
  writeFileSync(join(root, 'old'), 'content')
  mkdirSync(join(root, 'empty'), { recursive: true })
}

function environment(plan: Partial<FaultPlan>): NodeJS.ProcessEnv {
  return { ...process.env, ...faultEnv({ root, log, ...plan }) }
}

function spawn(script: string, plan: Partial<FaultPlan> = {}): SpawnSyncReturns<string> {
  prepare()
  const whole = `const fs = require('fs'), two = [Buffer.from('x'), Buffer.from('y')]; ${script}`
  return spawnSync(process.execPath, ['-e', whole], { cwd: root, env: environment(plan), encoding: 'utf8' })
}

function shell(script: string, plan: Partial<FaultPlan> = {}): SpawnSyncReturns<string> {
  return spawnSync('sh', ['-c', script], { cwd: root, env: environment(plan), encoding: 'utf8' })
}

function node(script: string, plan: Partial<FaultPlan> = {}): CountedCall[] {
  const child = spawn(script, plan)
  expect(child.stderr).toBe('')
  return readCalls(log)
}

function callsOf(script: string, plan: Partial<FaultPlan> = {}): string[] {
  return callNames(node(script, plan))
}

function calls(child: SpawnSyncReturns<string>): string[] {
  expect(child.stderr).toBe('')
  return callNames(readCalls(log))
}

function callNames(list: readonly CountedCall[]): string[] {
  const short = (path: string) => (path === root ? '.' : path.replace(`${root}/`, ''))
  return list.map((call) => `${call.name} ${short(call.path)} ${short(call.to)}`.trimEnd())
}

function findKoffi(): string | undefined {
  const path = join(process.cwd(), 'node_modules/koffi')
  return existsSync(path) ? createRequire(import.meta.url).resolve('koffi') : undefined
}
