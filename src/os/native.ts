/**
 * The system calls that Node lacks and rqd is better with: syncfs(2), fcntl(2) F_SETLEASE, renameat2(2).
 * Through koffi, an optional dependency; without it callers fall back to fsync(2) and /proc.
 */

export interface Native {
  /** Flushes the file system that `fd` is on, in a thread. Rejects with the errno's number as its message. */
  syncfs(fd: number): Promise<void>
  /** Has anybody the file open for writing? undefined: the kernel gives no leases on it. */
  isOpenForWriting(fd: number): boolean | undefined
  /** renameat2(2) with RENAME_NOREPLACE: 0, or an errno. */
  renameNoReplace(from: Uint8Array, to: Uint8Array): number
  /** renameat2(2) with RENAME_EXCHANGE, of two that are there: 0, or an errno. */
  renameExchange(one: Uint8Array, other: Uint8Array): number
}

const F_SETLEASE = 1024
const F_RDLCK = 0
const F_UNLCK = 2
const EAGAIN = 11
const AT_FDCWD = -100
const RENAME_NOREPLACE = 1
const RENAME_EXCHANGE = 2

let loading: Promise<Native | undefined> | undefined

/** Loaded at the first use: it costs some 30 ms and 2 MB. */
export function loadNative(): Promise<Native | undefined> {
  loading ??= load()
  return loading
}

async function load(): Promise<Native | undefined> {
  if (process.platform !== 'linux' || process.env['RQD_NATIVE'] === 'off') return undefined
  const module = await import('koffi').catch(() => undefined)
  if (module === undefined) return undefined
  const koffi = module.default
  const libc = koffi.load(null)
  const syncfs = libc.func('int syncfs(int fd)')
  const renameat2 = libc.func(
    'int renameat2(int olddir, const uint8_t *old, int newdir, const uint8_t *new, uint flags)',
  )
  const fcntl = libc.func('int fcntl(int fd, int cmd, ...)')

  const rename = (from: Uint8Array, to: Uint8Array, flags: number): number =>
    renameat2(AT_FDCWD, terminated(from), AT_FDCWD, terminated(to), flags) === 0 ? 0 : koffi.errno()

  return {
    syncfs: (fd) =>
      new Promise((resolve, reject) => {
        syncfs.async(fd, (error: Error | null, status: number) => {
          if (error === null && status === 0) resolve()
          else reject(error ?? new Error('syncfs failed'))
        })
      }),
    renameNoReplace: (from, to) => rename(from, to, RENAME_NOREPLACE),
    renameExchange: (one, other) => rename(one, other, RENAME_EXCHANGE),
    isOpenForWriting: (fd) => {
      // A read lease is refused with EAGAIN while anybody has the file open for writing.
      if (fcntl(fd, F_SETLEASE, 'int', F_RDLCK) === 0) {
        fcntl(fd, F_SETLEASE, 'int', F_UNLCK)
        return false
      }
      return koffi.errno() === EAGAIN ? true : undefined
    },
  }
}

function terminated(path: Uint8Array): Uint8Array {
  const text = new Uint8Array(path.length + 1)
  text.set(path)
  return text
}
