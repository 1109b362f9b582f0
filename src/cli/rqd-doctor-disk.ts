/** What `rqd doctor` says of the root's disk; tried, not guessed. */
import { mkdirSync, renameSync, rmdirSync, statSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { STATES } from '../domain/item.ts'
import { stateDir } from '../fsqueue/place.ts'
import { errnoOf } from '../os/errno.ts'
import { type Filesystem, filesystemOf } from '../os/filesystem.ts'
import { dirsOf, type FoundQueue } from '../supervisor/queues.ts'
import type { Finding } from './rqd-doctor.ts'

const MB = 1024 ** 2
/** Beyond this, times of files and the clock tell different stories. */
const CLOCK_APART_MS = 2000

export function diskFindings(root: string, queues: readonly FoundQueue[]): Finding[] {
  const fs = filesystemOf(root)
  return [
    kindFinding(fs),
    spaceFinding(fs),
    inodeFinding(fs),
    renameFinding(queues),
    modeFinding(root),
    clockFinding(root),
  ]
}

function kindFinding(fs: Filesystem): Finding {
  const name = 'file system'
  if (fs.name === 'vfat' || fs.name === 'exfat') {
    return { name, level: 'bad', found: fs.name, fix: 'it has no hard links and no modes; use ext4, xfs or btrfs' }
  }
  if (fs.kind === 'local') return { name, level: 'ok', found: `${fs.name}, local`, fix: '' }
  const why = 'events and locks of other hosts are not seen, and a rename may be done twice'
  const found = fs.kind === 'network' ? `${fs.name}, over the network` : `${fs.name}, perhaps over the network`
  return { name, level: 'warn', found, fix: `${why}; a local disk is the place for a root` }
}

function spaceFinding(fs: Filesystem): Finding {
  const free = Math.floor(fs.freeBytes / MB)
  const level = free < 1 ? 'bad' : free < 100 ? 'warn' : 'ok'
  return {
    name: 'free space',
    level,
    found: `${free} MiB`,
    fix: level === 'ok' ? '' : 'remove old items: rq rm; enlarge the disk',
  }
}

function inodeFinding({ freeInodes }: Filesystem): Finding {
  const name = 'free inodes'
  if (freeInodes === undefined) return { name, level: 'ok', found: 'made as needed', fix: '' }
  const level = freeInodes < 100 ? 'bad' : freeInodes < 10_000 ? 'warn' : 'ok'
  const fix = level === 'ok' ? '' : 'remove old items: an item takes some five inodes; mkfs with more (-N)'
  return { name, level, found: String(freeInodes), fix }
}

/** statfs cannot tell: a bind mount of the same disk is another file system to rename(2). */
function renameFinding(queues: readonly FoundQueue[]): Finding {
  const name = 'moving between states'
  const troubles = queues.map(tryRenames).filter((trouble) => trouble !== undefined)
  if (troubles.length === 0) return { name, level: 'ok', found: `tried in ${queues.length} queues`, fix: '' }
  const fix = troubles.some((trouble) => trouble.includes('EXDEV'))
    ? 'all state directories of a queue must be on one mount: move the mount to the queue or to the root'
    : 'look at owner, modes and mount of these directories'
  return { name, level: 'bad', found: troubles.join('; '), fix }
}

/** Takes a directory that no worker sees through all states. */
function tryRenames(queue: FoundQueue): string | undefined {
  const dir = dirsOf(queue.path)
  const probe = `.rqd-doctor-${process.pid}`
  const places = STATES.map((state) => stateDir(dir, state)).filter(
    (place) => statSync(asPath(place), { throwIfNoEntry: false }) !== undefined,
  )
  let at: string | undefined
  try {
    for (const place of places) {
      const next = `${place}/${probe}`
      if (at === undefined) mkdirSync(asPath(next))
      else renameSync(asPath(at), asPath(next))
      at = next
    }
    return undefined
  } catch (error) {
    if (errnoOf(error) === undefined || !(error instanceof Error)) throw error
    return `${queue.name}: ${error.message}`
  } finally {
    if (at !== undefined) rmdirSync(asPath(at))
  }
}

function asPath(bytes: string): Buffer {
  return Buffer.from(bytes, 'latin1')
}

function modeFinding(root: string): Finding {
  const mode = statSync(root).mode & 0o7777
  const text = `${mode.toString(8).padStart(4, '0')}, umask ${process.umask().toString(8).padStart(4, '0')} (the daemon uses 0077)`
  const isOpen = (mode & 0o022) !== 0
  const fix = isOpen ? `others may write the root: chmod go-w ${root}` : ''
  return { name: 'modes', level: isOpen ? 'warn' : 'ok', found: text, fix }
}

function clockFinding(root: string): Finding {
  const name = 'clock'
  const probe = join(root, `.rqd-doctor-${process.pid}`)
  try {
    writeFileSync(probe, '', { flag: 'wx' })
    const apart = Math.round(statSync(probe).mtimeMs - Date.now())
    const level = Math.abs(apart) > CLOCK_APART_MS ? 'warn' : 'ok'
    const fix = level === 'ok' ? '' : 'the disk has another clock: run NTP on both; `settle` counts by the disk'
    return { name, level, found: `${new Date().toISOString()}, times of files differ by ${apart} ms`, fix }
  } catch (error) {
    if (errnoOf(error) === undefined || !(error instanceof Error)) throw error
    return {
      name,
      level: 'bad',
      found: `no file can be made in the root: ${error.message}`,
      fix: 'look at owner, modes and mount',
    }
  } finally {
    remove(probe)
  }
}

function remove(path: string): void {
  try {
    unlinkSync(path)
  } catch (error) {
    // It was never made.
    if (errnoOf(error) === undefined) throw error
  }
}
