/** What the documents name exists: commands, scripts, files. And the backup that one of them describes. */
import { execFile, execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { BIN, makeQueue, startDaemon, tempRoot } from '../helpers/daemon.ts'
import { until } from '../helpers/until.ts'
import { openQueue } from '../helpers/worker.ts'

const REPO = fileURLToPath(new URL('../..', import.meta.url))
const PAGES = ['README.md', 'docs/ARCHITECTURE.md', 'docs/OPERATIONS.md', 'examples/README.md', 'CHANGELOG.md']

function read(page: string): string {
  return readFileSync(join(REPO, page), 'utf8')
}

/** Code spans and fenced blocks. */
function codeOf(page: string): string {
  return [...read(page).matchAll(/```.*?\n(.*?)```|`([^`\n]+)`/gs)].map(([, block, span]) => block ?? span).join('\n')
}

function commandsOf(program: string): string[] {
  const help = execFileSync(process.execPath, [program, '--help'], { encoding: 'utf8' })
  return [...help.matchAll(/^ {2}([a-z][a-z-]+) /gm)].map(([, name]) => name ?? '')
}

test.each(PAGES)('%s names commands of rq and rqd that exist', (page) => {
  const words = (program: string) =>
    [...codeOf(page).matchAll(new RegExp(`(?<![\\w/.-])${program} ([a-z][a-z-]+)`, 'g'))].map(([, name]) => name)
  expect(commandsOf(BIN.rq)).toEqual(expect.arrayContaining(words('rq')))
  expect(commandsOf(BIN.rqd)).toEqual(expect.arrayContaining(words('rqd')))
})

test.each(PAGES)('%s names scripts of package.json that exist', (page) => {
  const scripts = Object.keys(JSON.parse(read('package.json')).scripts)
  const named = [...codeOf(page).matchAll(/npm run ([a-z:]+)/g)].map(([, name]) => name)
  expect(scripts).toEqual(expect.arrayContaining(named))
})

test.each(PAGES)('%s links to files that exist', (page) => {
  const links = [...read(page).matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, link]) => link ?? '')
  expect(links.filter((link) => !existsSync(join(REPO, dirname(page), link)))).toEqual([])
})

test('docs/ARCHITECTURE.md names source files that exist', () => {
  const named = [...codeOf('docs/ARCHITECTURE.md').matchAll(/\b[\w-]+(?:\/[\w.-]+)*\.ts\b/g)].map(([path]) => path)
  const places = ['', 'src', 'src/domain']
  expect(named.filter((path) => !places.some((place) => existsSync(join(REPO, place, path))))).toEqual([])
  expect(named.length).toBeGreaterThan(15)
})

const hasRsync = spawnSync('rsync', ['--version']).status === 0

test.skipIf(!hasRsync)(
  'examples/backup: a copy of a live root has every item once, and can be started',
  async () => {
    const home = tempRoot()
    const root = join(home, 'root')
    mkdirSync(root)
    const queue = openQueue(
      makeQueue(root, 'busy', '#!/bin/sh\n[ "$RQ_COUNT" -gt 0 ] || exit 75\n', { reschedule_after: 0 }),
    )
    const slow = openQueue(makeQueue(root, 'slow', '#!/bin/sh\nsleep 20\n'))
    const daemon = await startDaemon(root)
    const items = Array.from({ length: 250 }, () => queue.drop())
    const running = slow.drop()
    await until(() => slow.names('run').length === 1 && queue.names('done').length > 20)

    const { stdout } = await promisify(execFile)(join(REPO, 'examples/backup/backup.sh'), [root, join(home, 'backups')])
    await until(() => queue.names('done').length === items.length, 30_000)
    await daemon.stop()

    const copy = stdout.trim()
    const copied = openQueue(join(copy, 'queue/busy'))
    const found = ['que', 'run', 'done', '_err']
      .flatMap((state) => copied.names(state))
      .map((name) => name.split(',')[0])
    expect(found.toSorted()).toEqual(items.toSorted())
    expect(openQueue(join(copy, 'queue/slow')).names('run')).toEqual([running])
    expect(readdirSync(root)).not.toContain('_paused')

    writeFileSync(join(copy, 'queue/slow/handler'), '#!/bin/sh\n')
    const restored = await startDaemon(copy)
    const restoredSlow = openQueue(join(copy, 'queue/slow'))
    expect(await restoredSlow.settled(running)).toBe('done')
    expect(restoredSlow.attempts(running).map(({ cause }) => cause)).toEqual(['lost', undefined])
    await until(() => copied.names('done').length === items.length, 30_000)
    await restored.stop()
  },
  120_000,
)
