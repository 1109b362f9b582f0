/** Queues on a real disk, for tests of src/fsqueue. */
import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach } from 'vitest'
import { type ItemId, makeId, type RawName, rawName } from '../../src/domain/name.ts'
import { type Claim, claim } from '../../src/fsqueue/claim.ts'
import { ensureQueue } from '../../src/fsqueue/layout.ts'
import { type BytePath, fsPath, look, place, type QueueDir, queueDir } from '../../src/fsqueue/place.ts'

export const NOW = Date.UTC(2026, 10, 22, 10, 15, 0, 123)
export const AS_ROOT = process.getuid?.() === 0

const made: string[] = []

afterEach(() => {
  for (const dir of made.splice(0)) rmSync(dir, { recursive: true, force: true })
})

export function tempDir(base = tmpdir()): string {
  const dir = mkdtempSync(join(base, 'rqd-fsqueue-'))
  made.push(dir)
  return dir
}

export interface TestQueue {
  readonly path: string
  readonly queue: QueueDir
}

export function makeQueue(): TestQueue {
  const path = tempDir()
  const queue = queueDir(path)
  ensureQueue(queue)
  return { path, queue }
}

let counter = 0

/** Ids of one moment, different and in order. */
export function newId(from = ''): ItemId {
  counter += 1
  return makeId(NOW, 0, counter.toString(36).padStart(6, '0'), from)
}

export function raw(text: string): RawName {
  return rawName(text)
}

/** Writes `que/<name>`; the name is bytes. */
export function drop({ queue }: TestQueue, name: string, data = 'payload'): RawName {
  writeFileSync(fsPath(place(queue, 'que', name)), data)
  return name as string as RawName
}

/** Makes `que/<name>/` with these files. */
export function dropDir({ queue }: TestQueue, name: string, files: Readonly<Record<string, string>>): RawName {
  const dir = place(queue, 'que', name)
  mkdirSync(fsPath(dir))
  for (const [file, data] of Object.entries(files)) {
    const parts = file.split('/')
    if (parts.length > 1) mkdirSync(fsPath(`${dir}/${parts[0]}`), { recursive: true })
    writeFileSync(fsPath(`${dir}/${file}`), data)
  }
  return name as string as RawName
}

export function claimNow({ queue }: TestQueue, name: RawName): Claim {
  const stat = look(place(queue, 'que', name))
  if (stat === undefined) return { kind: 'lost' }
  return claim(queue, name, stat, newId)
}

/** Claims, and expects to win. */
export function won(test: TestQueue, name: RawName): Extract<Claim, { kind: 'won' }>['item'] & { path: BytePath } {
  const claimed = claimNow(test, name)
  if (claimed.kind !== 'won') throw new Error(`claim of ${name}: ${claimed.kind}`)
  return { ...claimed.item, path: place(test.queue, 'run', claimed.item.name) }
}

/** All that lies under a path, as `dir/` and `dir/file=content`, sorted; for comparing a whole tree. */
export function tree(path: string): string[] {
  const list = (dir: string, prefix: string): string[] =>
    readdirSync(Buffer.from(dir, 'latin1'), { withFileTypes: true, encoding: 'latin1' as BufferEncoding }).flatMap(
      (entry) => {
        const name = `${prefix}${entry.name}`
        if (entry.isDirectory()) return [`${name}/`, ...list(`${dir}/${entry.name}`, `${name}/`)]
        if (!entry.isFile()) return [`${name} (special)`]
        return [`${name}=${readFileSync(Buffer.from(`${dir}/${entry.name}`, 'latin1'), 'utf8')}`]
      },
    )
  return list(path, '').toSorted()
}

export function state(test: TestQueue, name: string): string[] {
  return tree(`${test.path}/${name}`)
}

export function mkfifo(path: string): void {
  execFileSync('mkfifo', [path])
}

/** Runs a script of perl, which races better than node, and resolves with what it printed. */
export function perl(script: string, ...args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn('perl', ['-e', script, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
    let out = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text
    })
    child.on('error', reject)
    child.on('close', () => resolve(out))
  })
}
