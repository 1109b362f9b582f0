/** Fail, or die at, the Nth file-system call below a directory: the TypeScript side of faultfs.c. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { scratchBase } from './mount.ts'

type FaultErrno =
  | 'ENOSPC'
  | 'EIO'
  | 'EMFILE'
  | 'ENFILE'
  | 'EDQUOT'
  | 'EROFS'
  | 'EACCES'
  | 'EPERM'
  | 'ENOMEM'
  | 'EAGAIN'
  | 'EINTR'
  | 'ENOENT'
  | 'EEXIST'
  | 'EXDEV'
  | 'EMLINK'
  | 'ENAMETOOLONG'

/** `torn` writes half and is then killed; `short` writes half and goes on. Both count writes only. */
type FaultAction = 'kill' | 'stop' | 'torn' | 'short' | FaultErrno

export interface FaultPlan {
  /** Calls that concern paths below this directory are counted. Absolute. */
  readonly root: string
  /** The call that is hit, from 1. Without it calls are only counted. */
  readonly at?: number
  readonly do?: FaultAction
  /** Hit every counted call from there on. */
  readonly sticky?: boolean
  /** A file outside of `root`: once it exists nothing is hit any more. */
  readonly until?: string
  /** Only in processes whose command line contains this. */
  readonly match?: string
  /** Only these calls, by their names in the log: open, write, rename, link, unlink, mkdir, fsync ... */
  readonly only?: readonly string[]
  /** Only calls one of whose absolute paths contains this. */
  readonly path?: string
  /** Count opening for reading (`open-read`) and `opendir` too: where EMFILE bites. */
  readonly reads?: boolean
  /** Where the calls are noted. Outside of `root`. */
  readonly log?: string
  /** A file that holds one counter for all processes. Without it every process counts for itself. */
  readonly shared?: string
}

export interface CountedCall {
  readonly n: number
  readonly pid: number
  readonly name: string
  /** One character per byte; control characters as `\xHH`. */
  readonly path: string
  /** The second path of rename and link, else ''. */
  readonly to: string
  readonly hit: boolean
}

const HERE = fileURLToPath(new URL('.', import.meta.url))
let built: string | undefined

/** Why the shim cannot be used here, or undefined. */
export function shimUnavailable(): string | undefined {
  if (process.platform !== 'linux') return 'LD_PRELOAD is interposed on Linux only'
  if (process.arch !== 'x64' && process.arch !== 'arm64')
    return `faultfs does not know the architecture ${process.arch}`
  const gcc = spawnSync('gcc', ['--version'])
  return gcc.status === 0 ? undefined : 'no gcc to compile faultfs.c with'
}

/** Compiles the shim, once a process, into a directory that goes when the process ends. */
function compileShim(): string {
  if (built !== undefined && existsSync(built)) return built
  const library = join(scratchBase(tmpdir()).dir, 'faultfs.so')
  const sources = readdirSync(HERE).filter((name) => name.endsWith('.c'))
  const flags = ['-O2', '-shared', '-fPIC', '-Wall', '-Wextra', '-o', library]
  const gcc = spawnSync('gcc', [...flags, ...sources, '-ldl'], { cwd: HERE, encoding: 'utf8' })
  if (gcc.status !== 0) throw new Error(`faultfs does not compile:\n${gcc.stderr}`)
  built = library
  return library
}

/** The environment that puts a process, and all that it starts, under the plan. To be added to its own. */
export function faultEnv(plan: FaultPlan): Record<string, string> {
  const env: Record<string, string> = { LD_PRELOAD: compileShim(), FAULTFS_ROOT: plan.root }
  // Work handed to io_uring is done by the kernel, unseen.
  env['UV_USE_IO_URING'] = '0'
  if (plan.at !== undefined) env['FAULTFS_AT'] = String(plan.at)
  if (plan.do !== undefined) env['FAULTFS_DO'] = plan.do
  if (plan.sticky) env['FAULTFS_STICKY'] = '1'
  if (plan.until !== undefined) env['FAULTFS_UNTIL'] = plan.until
  if (plan.match !== undefined) env['FAULTFS_MATCH'] = plan.match
  if (plan.only !== undefined) env['FAULTFS_ONLY'] = plan.only.join(',')
  if (plan.path !== undefined) env['FAULTFS_PATH'] = plan.path
  if (plan.reads) env['FAULTFS_READS'] = '1'
  if (plan.log !== undefined) env['FAULTFS_LOG'] = plan.log
  if (plan.shared !== undefined) env['FAULTFS_SHARED'] = plan.shared
  return env
}

/** The calls noted so far, in the order in which they were noted. A log that is not there yet is empty. */
export function readCalls(log: string): CountedCall[] {
  if (!existsSync(log)) return []
  const lines = readFileSync(log, 'latin1').split('\n').slice(0, -1)
  return lines.map((line) => {
    const [n, pid, name = '', path = '', to = '', hit] = line.split('\t')
    return { n: Number(n), pid: Number(pid), name, path, to, hit: hit === 'hit' }
  })
}

/** One round of a sweep: the fault is at call `at`. */
export interface Shot {
  readonly at: number
  /** A new directory, outside of which the log is kept. Put the root under test into it. */
  readonly dir: string
  /** The environment for the process under test, whose calls below `root` count. */
  env(root: string): Record<string, string>
  calls(): CountedCall[]
  /** Whether the fault has happened. */
  fired(): boolean
  /** Ends a fault that sticks. */
  heal(): void
}

export interface SweepOptions extends Omit<FaultPlan, 'root' | 'at' | 'log' | 'shared' | 'until'> {
  readonly do: FaultAction
  /** Count over all processes of the tree, so that a killed one's successor is not killed at its own Nth call. Default. */
  readonly tree?: boolean
  readonly from?: number
  readonly step?: number
  /** A sweep that is not through by then is an error, as it proves too little. */
  readonly limit?: number
}

/**
 * Runs `round` with the fault at call 1, 2, 3 ... until a round ends without having met it. Answers how many
 * rounds met their fault. A round that throws says so with the number and the call that was hit.
 */
export async function sweep(options: SweepOptions, round: (shot: Shot) => Promise<void>): Promise<number> {
  const { from = 1, step = 1, limit = 5000 } = options
  for (let at = from, hits = 0; at <= limit; at += step, hits++)
    if (!(await shoot(options, at, round)).some((call) => call.hit)) return hits
  throw new Error(`the sweep was not through after ${limit} calls`)
}

/** One round in a directory of its own, with the fault at this call. Answers the calls that it counted. */
export async function shoot(
  options: SweepOptions,
  at: number,
  round: (shot: Shot) => Promise<void>,
): Promise<CountedCall[]> {
  const dir = mkdtempSync(join(tmpdir(), 'rqd-sweep-'))
  try {
    const shot = makeShot(options, at, dir)
    await namingTheCall(shot, round)
    return shot.calls()
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

function makeShot(options: SweepOptions, at: number, dir: string): Shot {
  const { tree = true, from: _from, step: _step, limit: _limit, ...plan } = options
  const log = join(dir, 'faultfs.calls')
  const shared = tree ? { shared: join(dir, 'faultfs.counter') } : {}
  const until = join(dir, 'faultfs.healed')
  const calls = () => readCalls(log)
  return {
    at,
    dir,
    env: (root) => faultEnv({ ...plan, ...shared, root, at, log, until }),
    calls,
    fired: () => calls().some((call) => call.hit),
    heal: () => writeFileSync(until, ''),
  }
}

async function namingTheCall(shot: Shot, round: (shot: Shot) => Promise<void>): Promise<void> {
  try {
    await round(shot)
  } catch (error) {
    const hit = shot.calls().find((call) => call.hit)
    const where = hit ? `${hit.name} ${hit.path} ${hit.to}`.trimEnd() : 'not met'
    throw new Error(`at call ${shot.at} (${where}): ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    })
  }
}
