/** May root run this file? Only where nobody else can change what it says. */
import { realpathSync, type Stats, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { errnoOf } from './errno.ts'

const STICKY = 0o1000
/** Debian's `staff` may write to /usr/local by its own rules. */
const TRUSTED_GROUPS: readonly number[] = [0, 50]

/**
 * Why not, with what to do about it; undefined where it may be run, or where we are not root. `path` has no links in
 * it, `stat` is its own, and `uid` is as whom it will run: that user harms nobody but itself.
 */
export function distrust(path: string, stat: Stats, uid = 0): string | undefined {
  if (process.getuid?.() !== 0) return undefined
  if (stat.uid !== 0 && stat.uid !== uid)
    return `${path} belongs to uid ${stat.uid}, who could exchange it: chown root it`
  if (othersMayWrite(stat)) return `${path} can be written to by others: chmod go-w it`
  const dir = dirname(path)
  const above = statSync(dir)
  if (above.uid !== 0 && above.uid !== uid)
    return `its directory ${dir} belongs to uid ${above.uid}, who could exchange it: chown root it`
  // Where the sticky bit is set, others may add files and not replace them.
  if (othersMayWrite(above) && (above.mode & STICKY) === 0)
    return `its directory ${dir} can be written to by others: chmod go-w it`
  return undefined
}

/** The same for a path that may lead through links; what is not there is nobody's to distrust. */
export function distrustPath(path: string | Buffer): string | undefined {
  if (process.getuid?.() !== 0) return undefined
  try {
    const real = realpathSync.native(path)
    return distrust(real, statSync(real))
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined
    throw error
  }
}

function othersMayWrite({ mode, gid }: Stats): boolean {
  return (mode & 0o002) !== 0 || ((mode & 0o020) !== 0 && !TRUSTED_GROUPS.includes(gid))
}
