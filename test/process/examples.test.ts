/**
 * The main job: the session that the README shows, run as it stands there, on real files; and the same drops with
 * everything killed in the middle.
 */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { gunzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { kill, makeQueue, processesIn, startDaemon, tempRoot } from '../helpers/daemon.ts'
import { until } from '../helpers/until.ts'
import { openQueue } from '../helpers/worker.ts'

const REPO = fileURLToPath(new URL('../..', import.meta.url))
const HANDLER = join(REPO, 'examples/archive/handler')
/** Each item of it waits for the disk, which may be slow, and is not alone. */
const SESSION_MS = 400_000

async function shell(script: string, cwd = REPO): Promise<string> {
  const { stdout } = await promisify(execFile)('sh', ['-euc', script], { cwd, timeout: SESSION_MS, maxBuffer: 2 ** 25 })
  return stdout
}

/** Three copies of every LICENSE, README and package.json of the packages that this project uses. */
async function collect(home: string): Promise<string> {
  await shell(`sh examples/archive/collect.sh node_modules '${home}/files'`)
  return join(home, 'files')
}

/** What a person gets who runs sha256sum in `dir`: lines of hash and name. */
async function sumsByHand(dir: string): Promise<string[]> {
  return sorted(await shell('sha256sum -- *', dir))
}

function sorted(text: string): string[] {
  return text.trimEnd().split('\n').toSorted()
}

/** What the handler recorded, line by line. */
function ledger(archive: string): string[] {
  const sums = readdirSync(archive).filter((name) => name.endsWith('.sha256'))
  return sorted(sums.map((name) => readFileSync(join(archive, name), 'utf8')).join(''))
}

/** The hashes of what comes out of the compressed copies. */
function hashesOfCopies(archive: string): string[] {
  return readdirSync(archive)
    .filter((name) => name.endsWith('.gz'))
    .map((name) => {
      const content = gunzipSync(readFileSync(join(archive, name)))
      return createHash('sha256').update(content).digest('hex')
    })
    .toSorted()
}

function hashesIn(lines: readonly string[]): string[] {
  return lines.map((line) => line.replace(/^\\/, '').slice(0, 64)).toSorted()
}

/** The block of the README behind this mark. */
function sessionOfReadme(): string {
  const readme = readFileSync(join(REPO, 'README.md'), 'utf8')
  const block = /<!-- session: archive -->\s*```sh\n(.*?)```/s.exec(readme)?.[1]
  if (block === undefined) throw new Error('the README has no session')
  return block
}

/** As a power cut does it: nobody lives to see another die, and to report that. */
async function killAtOnce(root: string): Promise<void> {
  const stopped = new Set<number>()
  const stopNew = () => processesIn(root).filter((pid) => !stopped.has(pid) && stopped.add(pid) && kill(pid, 'SIGSTOP'))
  await until(() => stopNew().length === 0)
  for (const pid of stopped) kill(pid, 'SIGKILL')
  await until(() => processesIn(root).length === 0)
}

test('the session of the README: every file by cp, by mv and by rq inject, none missing and none twice', async () => {
  const home = tempRoot()
  const said = await shell(sessionOfReadme().replaceAll('/tmp/', `${home}/`))

  const byHand = sorted(readFileSync(join(home, 'by-hand'), 'utf8'))
  expect(byHand.length).toBeGreaterThan(1000)
  const archive = join(home, 'spool/archive')
  expect(ledger(archive)).toEqual(byHand)
  expect(hashesOfCopies(archive)).toEqual(hashesIn(byHand))
  expect(said).toContain(`${byHand.length}\n`)

  const queue = openQueue(join(home, 'spool/queue/archive'))
  const done = queue.names('done')
  expect(done).toHaveLength(byHand.length)
  expect(queue.names('_err')).toEqual([])
  const ends = queue.events('item-ended')
  expect(ends.map(({ to }) => to)).toEqual(done.map(() => 'done'))
  expect(new Set(ends.map(({ id }) => id)).size).toBe(done.length)

  const ids = sorted(readFileSync(join(home, 'ids'), 'utf8'))
  expect(ids).toHaveLength(byHand.length / 3)
  expect(done).toEqual(expect.arrayContaining(ids))
  const [id = ''] = ids
  const { name, result } = queue.msg(id)
  expect(byHand).toContain(`${(result as { sha256: string }).sha256}  ${name}`)
}, 440_000)

test('the same when daemon, worker, slots and handlers are all killed in the middle: the ledger is the same', async () => {
  const home = tempRoot()
  const root = join(home, 'spool')
  mkdirSync(root)
  const path = makeQueue(root, 'archive', undefined, { handler: HANDLER })
  const files = await collect(home)
  // A sixth of them is enough to be in the middle of.
  for (const [at, name] of readdirSync(files).entries()) if (at % 6 !== 0) rmSync(join(files, name))
  const byHand = await sumsByHand(files)
  const queue = openQueue(path)
  const archive = join(root, 'archive')

  const first = await startDaemon(root)
  for (const name of readdirSync(files)) renameSync(join(files, name), join(path, 'que', name))
  await until(() => queue.names('done').length > 100, 60_000)
  await killAtOnce(root)
  await first.ended
  const before = queue.names('done')
  expect(before.length).toBeLessThan(byHand.length)

  const second = await startDaemon(root)
  await until(() => queue.names('que').length + queue.names('run').length === 0, 120_000)
  await second.stop()
  expect(queue.names('_err')).toEqual([])
  expect(ledger(archive)).toEqual(byHand)
  expect(hashesOfCopies(archive)).toEqual(hashesIn(byHand))
  expect(queue.names('done')).toHaveLength(byHand.length)
  expect(queue.names('done')).toEqual(expect.arrayContaining(before))
}, 240_000)
