/** `rq clean`: what goes, what stays, and what is never touched. */
import { execFileSync, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  opendirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type ItemId, minuteBucket } from '../../src/domain/name.ts'
import { removalOf } from '../../src/fsqueue/trash.ts'
import { BIN, tempRoot } from '../helpers/daemon.ts'
import { archivesIn, itemsIn, itemsUnder, membersOf, putEnded } from '../helpers/ended.ts'
import { namesIn, rootWithQueue, rq } from '../helpers/rq.ts'
import { until } from '../helpers/until.ts'
import { newId } from '../helpers/worker.ts'

interface Cleaned {
  readonly removed: Readonly<Record<string, { readonly items: number; readonly bytes: number }>>
  readonly archives: readonly { readonly path: string; readonly items: number }[]
  readonly moves: number
  readonly problems: readonly string[]
}

async function clean(root: string, ...options: string[]): Promise<Cleaned> {
  const said = await rq(root, ['clean', 'q', '--json', ...options])
  return JSON.parse(said.stdout) as Cleaned
}

describe('rq clean', () => {
  it('removes nothing that ended where nobody set a limit', async () => {
    const { root, queue } = rootWithQueue()
    putEnded(queue, 'old')
    putEnded(queue, 'failed', '_err')
    expect(await clean(root)).toMatchObject({ removed: {}, archives: [] })
    expect([itemsUnder(join(queue, 'done')), namesIn(queue, '_err')]).toEqual([['old'], ['failed']])
  })

  it('removes by age whole days and minutes, and leaves the days that have something younger', async () => {
    const { root, queue } = rootWithQueue({ keep: { done: { age: '1d' } } })
    for (const name of ['a', 'b', 'c']) putEnded(queue, name, 'done', `20200101/10${name === 'c' ? '15' : '14'}`)
    const now = minuteBucket(Date.now())
    putEnded(queue, 'young', 'done', now)
    putEnded(queue, 'old', 'relayed')
    expect(await clean(root)).toMatchObject({ removed: { done: { items: 3 } }, moves: 1, problems: [] })
    expect(itemsUnder(join(queue, 'done'))).toEqual(['young'])
    expect(readdirSync(join(queue, 'done'))).toEqual([now.slice(0, 8)])
    expect([itemsUnder(join(queue, 'relayed')), readdirSync(join(queue, '_tmp'))]).toEqual([['old'], []])
  })

  it('keeps the newest by count and by size, across minutes and within one', async () => {
    const { root, queue } = rootWithQueue({ keep: { done: { count: 3 }, _err: { size: '20' } } })
    for (const [name, minute] of [
      ['a', '1000'],
      ['b', '1000'],
      ['c', '1001'],
      ['d', '1002'],
      ['e', '1002'],
    ] as const) {
      putEnded(queue, name, 'done', `20200101/${minute}`)
      // Told apart by their times within a minute.
      await until(() => Date.now() % 20 === 0)
    }
    for (const name of ['f', 'g']) {
      mkdirSync(join(queue, '_err'), { recursive: true })
      writeFileSync(join(queue, '_err', `${name}.csv`), 'fifteen bytes..')
      await until(() => Date.now() % 20 === 0)
    }
    expect(await clean(root)).toMatchObject({ removed: { done: { items: 2 }, _err: { items: 1, bytes: 15 } } })
    expect([itemsUnder(join(queue, 'done')), namesIn(queue, '_err')]).toEqual([['c', 'd', 'e'], ['g.csv']])
    expect(readdirSync(join(queue, 'done/20200101')).toSorted()).toEqual(['1001', '1002'])
  })

  it('prunes a hundred thousand by as many renames as they have days', async () => {
    const { root, queue } = rootWithQueue({ keep: { done: { age: '1d' } } })
    const script = `
      for (let i = 0; i < 100000; i += 1) {
        const dir = 'done/2020010' + (1 + i % 4) + '/' + String(1000 + (i % 50)).padStart(4, '0')
        if (i < 200) fs.mkdirSync(dir, { recursive: true })
        fs.writeFileSync(dir + '/' + i, '')
      }`
    execFileSync(process.execPath, ['-e', script], { cwd: queue })
    expect(await clean(root, '--dry-run')).toMatchObject({ removed: { done: { items: 100_000 } } })
    expect(await clean(root)).toMatchObject({ removed: { done: { items: 100_000 } }, moves: 4 })
    expect([readdirSync(join(queue, 'done')), readdirSync(join(queue, '_tmp'))]).toEqual([[], []])
  })

  it('says by --dry-run what would go, and changes nothing', async () => {
    const { root, queue } = rootWithQueue({ keep: { done: { age: '1d' } }, archive: { states: ['done'] } })
    putEnded(queue, 'a')
    expect(await clean(root, '--dry-run')).toMatchObject({ dry_run: true, removed: { done: { items: 1 } } })
    expect([itemsUnder(join(queue, 'done')), existsSync(join(queue, 'archive'))]).toEqual([['a'], false])
    expect((await rq(root, ['clean', '-n'])).stdout).toMatch(/^q: would remove 1 of done \(\d+ bytes\)$/m)
  })

  it('removes leftovers by their own ages: half-built items, copies of editors, what people removed', async () => {
    const ages = { keep: { prep: 0, trash: 0 } }
    for (const config of [undefined, ages]) {
      const { root, queue } = rootWithQueue(config)
      const removal = `_trash/${removalOf(newId() as ItemId)}/_err/x`
      for (const name of ['prep', '_tmp', removal, '_tmp/clean-x', 'prep/half'])
        mkdirSync(join(queue, name), { recursive: true })
      writeFileSync(join(queue, 'prep/half/msg'), '{')
      writeFileSync(join(queue, '_tmp/edit-x.json'), '{}')
      writeFileSync(join(queue, removal, 'msg'), '{}')
      execFileSync('mkfifo', [join(queue, '_tmp/fifo.1.2')])
      const { removed } = await clean(root)
      const left = [namesIn(queue, 'prep'), namesIn(queue, '_tmp'), existsSync(join(queue, removal, 'msg'))]
      if (config === undefined) expect(left).toEqual([['half'], ['edit-x.json', 'fifo.1.2'], true])
      else {
        expect(left).toEqual([[], ['fifo.1.2'], false])
        expect(removed).toMatchObject({ prep: { items: 1 }, tmp: { items: 2 }, trash: { items: 1 } })
      }
    }
  })

  it('leaves what is no day and no minute, follows no link, and never leaves the queue', async () => {
    const { root, queue } = rootWithQueue({ keep: { done: { age: 0 }, relayed: { age: 0 } } })
    const outside = tempRoot()
    const precious = putEnded(outside, 'precious')
    putEnded(queue, 'a')
    putEnded(queue, 'b', 'done', '20200102/1000')
    writeFileSync(join(queue, 'done/20200102/notes.txt'), 'mine')
    symlinkSync(join(outside, 'done/20200101'), join(queue, 'done/20190101'))
    symlinkSync(join(outside, 'done/20200101/1000'), join(queue, 'done/20200102/0900'))
    symlinkSync(join(outside, 'done'), join(queue, 'relayed'))
    symlinkSync(precious, join(putEnded(queue, 'c', 'done', '20200103/1000'), 'job', 'link'))
    mkdirSync(join(queue, 'done/99999999/1000'), { recursive: true })
    expect(await clean(root)).toMatchObject({ removed: { done: { items: 3 } }, problems: [] })
    expect(itemsUnder(outside)).toEqual(['precious'])
    expect(readdirSync(join(queue, 'done')).toSorted()).toEqual(['20190101', '20200102', '99999999'])
    expect(readdirSync(join(queue, 'done/20200102')).toSorted()).toEqual(['0900', 'notes.txt'])
  })

  it('removes nothing where _tmp leads elsewhere', async () => {
    const { root, queue } = rootWithQueue({ keep: { done: { age: 0 } } })
    const outside = tempRoot()
    symlinkSync(outside, join(queue, '_tmp'))
    mkdirSync(join(outside, 'trash-x'))
    putEnded(queue, 'a')
    const said = await rq(root, ['clean'])
    expect([said.code, said.stderr]).toEqual([1, expect.stringContaining('ENOTDIR')])
    expect([itemsUnder(join(queue, 'done')), readdirSync(outside)]).toEqual([['a'], ['trash-x']])
  })

  it.skipIf(process.getuid?.() !== 0)('names what belongs to somebody else, and leaves it', async () => {
    const { root, queue } = rootWithQueue({ keep: { done: { count: 0 } }, archive: { states: ['done'] } })
    const theirs = putEnded(queue, 'theirs')
    chmodSync(join(putEnded(queue, 'locked'), 'attach/locked.csv'), 0o000)
    putEnded(queue, 'ours')
    execFileSync('chown', ['-R', '65534:65534', root])
    execFileSync('chown', ['-R', '0:0', theirs])
    chmodSync(theirs, 0o755)
    const env = { ...process.env, RQ_ROOT: root, HOME: root }
    const child = spawn(process.execPath, [BIN.rq, 'clean'], {
      env,
      uid: 65534,
      gid: 65534,
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    let stderr = ''
    child.stderr.on('data', (data) => {
      stderr += data
    })
    expect(await new Promise((resolve) => child.on('close', resolve)), stderr).toBe(1)
    expect(stderr).toMatch(/theirs stays, as it is not archived: it may not be moved away/)
    expect(stderr).toMatch(/locked stays, as it is not archived: it holds a file that may not be read: EACCES/)
    expect(itemsUnder(join(queue, 'done'))).toEqual(['locked', 'theirs'])

    writeFileSync(join(queue, '_clean.lock'), '')
    execFileSync('chown', ['0:0', join(queue, '_clean.lock')])
    chmodSync(join(queue, '_clean.lock'), 0o600)
    const again = spawn(process.execPath, [BIN.rq, 'clean'], { env, uid: 65534, gid: 65534, stdio: 'ignore' })
    expect(await new Promise((resolve) => again.on('close', resolve))).toBe(1)
  })

  it.skipIf(process.getuid?.() !== 0)('removes what a handler made read-only', async () => {
    const { root, queue } = rootWithQueue({ keep: { done: { age: 0 } } })
    const item = putEnded(queue, 'cache')
    for (const [dir, mode] of Object.entries({ 'go/mod': 0o555, hidden: 0o000, blind: 0o300 })) {
      mkdirSync(join(item, 'job', dir), { recursive: true })
      writeFileSync(join(item, 'job', dir, 'file'), '')
      chmodSync(join(item, 'job', dir), mode)
    }
    execFileSync('chown', ['-R', '65534:65534', root])
    const child = spawn(process.execPath, [BIN.rq, 'clean'], {
      env: { ...process.env, RQ_ROOT: root, HOME: root },
      uid: 65534,
      gid: 65534,
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    expect(await new Promise((resolve) => child.on('close', resolve))).toBe(0)
    expect(readdirSync(join(queue, '_tmp'))).toEqual([])
  })

  it('removes trees deeper than anybody opens', async () => {
    const { root, queue } = rootWithQueue({ keep: { done: { age: 0 } } })
    const item = putEnded(queue, 'deep')
    mkdirSync(join(item, 'job', ...Array.from({ length: 300 }, () => 'd')), { recursive: true })
    expect(await clean(root)).toMatchObject({ removed: { done: { items: 1 } }, problems: [] })
    expect(readdirSync(join(queue, '_tmp'))).toEqual([])
  })

  it('cleans no queue whose configuration is wrong, and says why', async () => {
    const { root, queue } = rootWithQueue({ keep: { done: { agee: '1d' } } })
    putEnded(queue, 'a')
    const said = await rq(root, ['clean'])
    expect(said).toMatchObject({ code: 1, stdout: '' })
    expect(said.stderr).toContain('keep.done.agee: is no known key (did you mean "age"?)')
    expect(itemsUnder(join(queue, 'done'))).toEqual(['a'])
  })

  it('is the only one of its queue', async () => {
    const { root, queue } = rootWithQueue({ keep: { done: { age: 0 } } })
    const holder = spawn('flock', [join(queue, '_clean.lock'), 'sh', '-c', 'echo held; read x'])
    await new Promise((resolve) => holder.stdout.once('data', resolve))
    putEnded(queue, 'a')
    expect(await rq(root, ['clean'])).toMatchObject({
      code: 75,
      stderr: expect.stringContaining('is being cleaned already'),
    })
    expect(itemsUnder(join(queue, 'done'))).toEqual(['a'])
    holder.stdin.end()
    await until(() => holder.exitCode !== null)
    expect(await rq(root, ['clean'])).toMatchObject({ code: 0 })
  })
})

describe('an archive', () => {
  const archived = { keep: { done: { age: '1d' } }, archive: { states: ['done'] } }

  it('holds what is removed, under a name of queue and day; the next of a day is another', async () => {
    const { root, queue } = rootWithQueue(archived)
    const names = ['a', 'b', `long-${'n'.repeat(140)}`]
    for (const name of names) putEnded(queue, name)
    symlinkSync('/etc/passwd', join(queue, 'done/20200101/1000/a/job/link'))
    const { archives, removed } = await clean(root)
    const day = new Date().toISOString().slice(0, 10)
    expect(archives).toEqual([{ path: join(queue, `archive/q-${day}.tar.gz`), items: 3 }])
    expect(removed).toMatchObject({ done: { items: 3 } })
    expect(readdirSync(join(queue, 'done'))).toEqual([])

    const elsewhere = tempRoot()
    execFileSync('tar', ['-xzf', archives[0]?.path ?? ''], { cwd: elsewhere })
    expect(itemsUnder(elsewhere)).toEqual(names)
    for (const name of names)
      expect(readFileSync(join(elsewhere, `q/done/20200101/1000/${name}/attach/${name}.csv`), 'utf8')).toBe(
        `content of ${name}\n`,
      )
    const before = readFileSync(archives[0]?.path ?? '')
    putEnded(queue, 'c')
    expect((await clean(root)).archives).toEqual([{ path: join(queue, `archive/q-${day}-2.tar.gz`), items: 1 }])
    expect(readFileSync(archives[0]?.path ?? '').equals(before)).toBe(true)
  })

  it('is not made when there is nothing to put into it', async () => {
    const { root, queue } = rootWithQueue(archived)
    putEnded(queue, 'young', 'done', minuteBucket(Date.now()))
    expect(await clean(root)).toMatchObject({ archives: [], removed: {} })
    expect(existsSync(join(queue, 'archive'))).toBe(false)
  })

  it('keeps names that are no text byte for byte', async () => {
    const { root, queue } = rootWithQueue(archived)
    putEnded(queue, 'a')
    const dir = Buffer.concat([Buffer.from(join(queue, 'done/20200101/1000/a/attach/caf')), Buffer.from([0xe9, 0xff])])
    writeFileSync(dir, 'latin')
    writeFileSync(join(queue, 'done/20200101/1000/a/attach/naïve \n"'), 'utf8')
    const { archives, problems } = await clean(root)
    expect(problems).toEqual([])
    const elsewhere = tempRoot()
    execFileSync('tar', ['-xzf', archives[0]?.path ?? ''], { cwd: elsewhere })
    const found = readdirSync(join(elsewhere, 'q/done/20200101/1000/a/attach'), { encoding: 'latin1' })
    expect(found.toSorted()).toEqual(['a.csv', 'caf\xe9\xff', Buffer.from('naïve \n"').toString('latin1')].toSorted())
  })

  it('is all that lets go: what cannot be archived stays, and is named', async () => {
    const { root, queue } = rootWithQueue(archived)
    putEnded(queue, 'a')
    const socket = createServer().listen(join(putEnded(queue, 'b'), 'job/socket'))
    await new Promise((resolve) => socket.once('listening', resolve))
    const said = await rq(root, ['clean', '--json'])
    socket.close()
    expect(said.code).toBe(1)
    expect(said.stderr).toMatch(/b stays, as it is not archived: it holds a socket or a device/)
    expect(itemsUnder(join(queue, 'done'))).toEqual(['b'])
    expect(itemsIn(join(queue, 'archive', archivesIn(join(queue, 'archive'))[0] ?? ''))).toEqual(['a'])
  })

  it('holds nothing of what stays: that would be in each of them', async () => {
    const { root, queue } = rootWithQueue(archived)
    putEnded(queue, 'a')
    writeFileSync(join(putEnded(queue, 'b'), 'attach/large'), randomBytes(1_000_000))
    const socket = createServer().listen(join(queue, 'done/20200101/1000/b/job/socket'))
    await new Promise((resolve) => socket.once('listening', resolve))
    const { archives } = await clean(root)
    socket.close()
    expect(statSync(archives[0]?.path ?? '').size).toBeLessThan(10_000)
    expect(membersOf(archives[0]?.path ?? '').some((name) => name.includes('/b'))).toBe(false)
  })

  it('does without a file that is almost nothing but a hole, which would take for ever', async () => {
    const { root, queue } = rootWithQueue(archived)
    putEnded(queue, 'a')
    truncateSync(join(putEnded(queue, 'hollow'), 'attach/hollow.csv'), 2 ** 42)
    const { archives, problems } = await clean(root)
    expect(problems).toEqual([expect.stringMatching(/hollow stays, as it is not archived: .*a hole/)])
    expect(itemsIn(archives[0]?.path ?? '')).toEqual(['a'])
    expect(itemsUnder(join(queue, 'done'))).toEqual(['hollow'])
  })

  it('is not to hold what --dry-run names', async () => {
    const { root, queue } = rootWithQueue(archived)
    putEnded(queue, 'a')
    truncateSync(join(putEnded(queue, 'hollow'), 'attach/hollow.csv'), 2 ** 42)
    const { removed, problems } = await clean(root, '--dry-run')
    expect(removed).toMatchObject({ done: { items: 1 } })
    expect(problems).toEqual([expect.stringMatching(/hollow stays/)])
    expect(await clean(root)).toMatchObject({ removed: { done: { items: 1 } }, problems })
  })

  it('that is whole is not called damaged because its cleaner was interrupted: there is none then', async () => {
    const { root, queue } = rootWithQueue(archived)
    for (let i = 0; i < 300; i += 1) writeFileSync(join(putEnded(queue, `item${i}`), 'job/large'), randomBytes(200_000))
    const running = spawn(process.execPath, [BIN.rq, 'clean', '--root', root], { stdio: ['ignore', 'ignore', 'pipe'] })
    let stderr = ''
    running.stderr.on('data', (data) => {
      stderr += data
    })
    const code = new Promise((resolve) => running.once('close', resolve))
    // It is being read again.
    await until(() => namesIn(queue, 'archive').some((name) => name.startsWith('q-')))
    running.kill('SIGINT')
    expect([await code, stderr]).toEqual([130, 'rq: q: stopped; what is left to do is done by the next one\n'])
    expect(namesIn(queue, 'archive')).toEqual([])
    expect(itemsUnder(join(queue, 'done'))).toHaveLength(300)
  })

  it('of one large item can be stopped in the middle', async () => {
    const { root, queue } = rootWithQueue(archived)
    truncateSync(join(putEnded(queue, 'a'), 'attach/a.csv'), 2 ** 35)
    const running = spawn(process.execPath, [BIN.rq, 'clean', '--root', root], { stdio: 'ignore' })
    const code = new Promise((resolve) => running.once('close', resolve))
    await until(() => sizeOfPart(join(queue, 'archive')) > 0)
    running.kill('SIGINT')
    expect(await code).toBe(130)
    expect(namesIn(queue, 'archive')).toEqual([])
  })

  it('may lie elsewhere, and beside those of other queues', async () => {
    const away = tempRoot()
    const { root, queue } = rootWithQueue({ ...archived, archive: { dir: join(away, 'old'), states: ['done'] } })
    putEnded(queue, 'a')
    writeFileSync(join(away, 'precious'), '')
    expect((await clean(root)).archives[0]?.path).toMatch(`${away}/old/q-`)
    expect([existsSync(join(queue, 'archive')), statSync(join(away, 'old')).mode & 0o777]).toEqual([false, 0o700])
  })

  it('may lie deeper in its queue, but on no disk that is not there', async () => {
    const deep = rootWithQueue({ ...archived, archive: { dir: 'old/done', states: ['done'] } })
    putEnded(deep.queue, 'a')
    expect((await clean(deep.root)).archives[0]?.path).toMatch(`${deep.queue}/old/done/q-`)
    const gone = rootWithQueue({ ...archived, archive: { dir: join(tempRoot(), 'not/mounted'), states: ['done'] } })
    putEnded(gone.queue, 'a')
    expect((await clean(gone.root)).problems).toEqual([expect.stringMatching(/nothing is removed from done.*ENOENT/)])
    expect(itemsUnder(join(gone.queue, 'done'))).toEqual(['a'])
  })

  it('never goes over a directory that is another one', async () => {
    const { root, queue } = rootWithQueue(archived)
    const outside = tempRoot()
    symlinkSync(outside, join(queue, 'archive'))
    putEnded(queue, 'a')
    const said = await rq(root, ['clean'])
    expect([said.code, said.stderr]).toEqual([1, expect.stringContaining('cannot be archived')])
    expect([itemsUnder(join(queue, 'done')), readdirSync(outside)]).toEqual([['a'], []])
  })

  it('goes itself when it is over its own age, and nothing else does', async () => {
    const { root, queue } = rootWithQueue({ archive: { keep: 0 }, keep: { prep: 0 } })
    mkdirSync(join(queue, 'archive'))
    const ours = ['q-2020-01-01.tar.gz', 'q-2020-01-01-2.tar.gz', `.q-${newId()}.part`]
    // Of a queue `q-other`, that is.
    const theirs = ['other-2020-01-01.tar.gz', 'q-notes.txt', `.q-other-${newId()}.part`]
    for (const name of [...ours, ...theirs]) writeFileSync(join(queue, 'archive', name), '')
    await until(() => Date.now() - statSync(join(queue, 'archive/q-notes.txt')).ctimeMs > 1)
    expect(await clean(root)).toMatchObject({ removed: { archives: { items: 3 } } })
    expect(namesIn(queue, 'archive')).toEqual(theirs.toSorted())
  })
})

describe('what changes while the cleaner is at work', () => {
  it('stays: an item that arrives, and one that is run again', async () => {
    const { root, queue } = rootWithQueue({ keep: { done: { age: '1d' } }, archive: { states: ['done'] } })
    for (let i = 0; i < 200; i += 1) writeFileSync(join(putEnded(queue, `item${i}`), 'job/large'), randomBytes(200_000))
    const bucket = join(queue, 'done/20200101/1000')
    const [first = '', second = ''] = inOrderFound(bucket)
    const running = spawn(process.execPath, [BIN.rq, 'clean', '--root', root, '--json'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const code = new Promise((resolve) => running.once('exit', resolve))
    // Both are in it by then.
    await until(() => sizeOfPart(join(queue, 'archive')) > 2_000_000)
    putEnded(queue, 'arrived')
    writeFileSync(join(bucket, first, 'attach/more'), 'written meanwhile')
    renameSync(join(bucket, second), join(queue, 'que', second))
    // It is named: it was not left out by chance.
    expect(await code).toBe(1)
    expect(itemsUnder(join(queue, 'done'))).toEqual(['arrived', first].toSorted())
    expect(namesIn(queue, 'que')).toEqual([second])
    const [archive = ''] = archivesIn(join(queue, 'archive'))
    expect(itemsIn(join(queue, 'archive', archive)).length).toBe(200)
    expect(membersOf(join(queue, 'archive', archive)).some((name) => name.includes('arrived'))).toBe(false)
  })
})

it('makes no archive of nothing but an item that never comes to rest', async () => {
  const { root, queue } = rootWithQueue({ keep: { done: { age: '1d' } }, archive: { states: ['done'] } })
  const log = join(putEnded(queue, 'restless'), 'job/stdio.log')
  writeFileSync(join(queue, 'done/20200101/1000/restless/attach/large'), randomBytes(3_000_000))
  const writer = spawn('sh', ['-c', `while echo more >> '${log}'; do :; done`], { stdio: 'ignore' })
  try {
    const said = await rq(root, ['clean'])
    expect([said.code, said.stderr]).toEqual([1, expect.stringMatching(/restless stays.*(?:changed|shorter)/)])
  } finally {
    writer.kill('SIGKILL')
  }
  expect([itemsUnder(join(queue, 'done')), namesIn(queue, 'archive')]).toEqual([['restless'], []])
})

function inOrderFound(dir: string): string[] {
  const found: string[] = []
  const open = opendirSync(dir)
  for (let entry = open.readSync(); entry !== null; entry = open.readSync()) found.push(entry.name)
  open.closeSync()
  return found
}

function sizeOfPart(dir: string): number {
  const name = existsSync(dir) ? readdirSync(dir).find((entry) => entry.endsWith('.part')) : undefined
  return name === undefined ? 0 : (statSync(join(dir, name), { throwIfNoEntry: false })?.size ?? 0)
}
