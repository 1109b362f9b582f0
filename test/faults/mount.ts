/** Mounting for tests: every mount is checked, none outlives the process, leftovers of dead ones are cleared away. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'

const PREFIX = 'rqd-scratch-'
/** What has to be undone when the process ends, newest last. */
const open = new Set<() => void>()
process.once('exit', () => {
  for (const undo of [...open].reverse()) undo()
})

/** Registers an undo that runs once: when called, or at the end of the process. */
export function undoable(undo: () => void): () => void {
  const once = (): void => {
    if (open.delete(once)) undo()
  }
  open.add(once)
  return once
}

/** Runs a program to its end and answers its output. A failure is an error with what it said. */
export function run(program: string, ...args: readonly string[]): string {
  const child = spawnSync(program, args, { encoding: 'utf8' })
  if (child.error) throw child.error
  if (child.status !== 0) throw new Error(`${program} ${args.join(' ')}: ${child.stderr.trim() || child.status}`)
  return child.stdout.trim()
}

/**
 * A new directory to mount things below. It goes, with all that is mounted in it, when the process ends, or, if that
 * was killed, when another asks for one.
 */
export function scratchBase(parent: string): { readonly dir: string; readonly remove: () => void } {
  clearLeftovers(parent)
  const dir = mkdtempSync(join(parent, `${PREFIX}${process.pid}-`))
  return { dir, remove: undoable(() => clear(dir)) }
}

export interface Mount {
  readonly point: string
  readonly type: string
  readonly source: string
  readonly options: readonly string[]
}

/** Everything mounted, in the order of mounting. */
export function mounts(): Mount[] {
  const lines = readFileSync('/proc/self/mounts', 'utf8').split('\n').slice(0, -1)
  return lines.map((line) => {
    const [source = '', point = '', type = '', options = ''] = line.split(' ').map(unescapeOctal)
    return { point, type, source, options: options.split(',') }
  })
}

/** What is mounted on exactly this directory; of several mounts the uppermost. */
export function mountedOn(dir: string): Mount | undefined {
  return mounts().findLast((mount) => mount.point === dir)
}

/** Unmounts, also what is busy: then the tree loses its name at once and the rest when it is let go. */
export function unmount(dir: string): void {
  while (mountedOn(dir) !== undefined) {
    if (spawnSync('umount', [dir]).status === 0) continue
    const lazily = spawnSync('umount', ['-l', dir], { encoding: 'utf8' })
    // Another process that clears leftovers may have been quicker.
    if (lazily.status !== 0 && mountedOn(dir) !== undefined) throw new Error(`${dir} stays mounted: ${lazily.stderr}`)
  }
}

/** Says on stderr that tests are skipped and why; answers whether they are. */
export function skipLoudly(what: string, reason: string | undefined): boolean {
  if (reason !== undefined) process.stderr.write(`\nSKIPPED: ${what}: ${reason}\n`)
  return reason !== undefined
}

function unescapeOctal(text: string): string {
  const bytes = text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))
  return bytes === text ? text : Buffer.from(bytes, 'latin1').toString('utf8')
}

function clear(base: string): void {
  const devices = new Set<string>()
  for (const mount of mounts().reverse()) {
    if (!mount.point.startsWith(`${base}/`)) continue
    if (mount.source.startsWith('/dev/loop')) devices.add(mount.source)
    unmount(mount.point)
  }
  // A loop device of a killed process has no mount any more, but still its file.
  const listed = spawnSync('losetup', ['--list', '--noheadings', '--output', 'NAME,BACK-FILE'], { encoding: 'utf8' })
  for (const line of (listed.stdout ?? '').split('\n')) {
    const [device = '', file = ''] = line.trim().split(/\s+/)
    if (file.startsWith(`${base}/`)) devices.add(device)
  }
  for (const device of devices) spawnSync('losetup', ['--detach', device])
  // Never across a mount that would not go.
  if (!mounts().some((mount) => mount.point.startsWith(`${base}/`))) rmSync(base, { recursive: true, force: true })
}

function clearLeftovers(parent: string): void {
  for (const name of readdirSync(parent)) {
    const pid = name.startsWith(PREFIX) ? name.slice(PREFIX.length).split('-')[0] : undefined
    if (pid !== undefined && !existsSync(`/proc/${pid}`)) clear(join(parent, name))
  }
}
