/** The system calls of a real `rq`, in the order in which they ended: what was on the disk before what was said. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { BIN } from './daemon.ts'
import { runProgram } from './rq.ts'

export const NO_STRACE = spawnSync('strace', ['-o', '/dev/null', 'true']).status !== 0

export interface Call {
  readonly name: string
  readonly args: string
}

/** The system calls of a run, in the order in which they ended. */
export async function trace(
  root: string,
  args: readonly string[],
): Promise<{ calls: Call[]; lines: readonly string[] }> {
  const log = join(root, 'strace.log')
  const which = 'trace=fsync,fdatasync,syncfs,rename,renameat,renameat2,link,linkat,unlink,write'
  const options = ['-f', '-y', '-s', '200', '-o', log, '-e', which]
  const said = await runProgram('strace', [...options, process.execPath, BIN.rq, ...args], { env: { RQ_ROOT: root } })
  expect(said).toMatchObject({ code: 0 })
  return { calls: finished(readFileSync(log, 'utf8')), lines: said.lines }
}

/** A call that waited is two lines; it counts where it ended, and its arguments stand where it began. */
function finished(log: string): Call[] {
  const begun = new Map<string, string>()
  const calls: Call[] = []
  for (const line of log.split('\n')) {
    const [, pid = '', rest = ''] = /^(\d+) +(.*)/.exec(line) ?? []
    const resumed = /^<\.\.\. [a-z0-9]+ resumed/.test(rest)
    if (rest.endsWith('<unfinished ...>')) begun.set(pid, rest)
    else {
      const [, name, args] = /^([a-z0-9]+)\((.*)/.exec(resumed ? (begun.get(pid) ?? '') : rest) ?? []
      if (name !== undefined && args !== undefined) calls.push({ name, args })
    }
  }
  return calls
}
