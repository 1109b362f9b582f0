/** A chore beside the queue's work: `rq VERB QUEUE` as a process of its own, with the lowest claim to the processor. */
import { type ChildProcess, spawn } from 'node:child_process'
import { constants, setPriority } from 'node:os'
import { join } from 'node:path'
import { isRecord, parseJson } from '../domain/json.ts'
import { hasDescriptors } from '../os/descriptors.ts'
import { errnoOf } from '../os/errno.ts'

export interface ChoreEnd {
  /** What it printed, a JSON object. */
  readonly said: Readonly<Record<string, unknown>>
  /** What it complained about. */
  readonly problems: readonly string[]
}

/** Two pipes, the one that says whether exec went well, and some to spare. */
const DESCRIPTORS = 10
const MOST_OUTPUT = 1024 * 1024

/** Standing in the queue, as we do. Calls `onEnd` once, also when it cannot be started. */
export function startChore(args: readonly string[], onEnd: (end: ChoreEnd) => void): void {
  const failed = (why: string) => setImmediate(onEnd, { said: {}, problems: [why] } satisfies ChoreEnd)
  if (!hasDescriptors(DESCRIPTORS)) {
    failed('too many open files')
    return
  }
  try {
    const child = spawn(process.execPath, [join(__dirname, 'rq.cjs'), ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
    lower(child)
    listen(child, onEnd)
  } catch (error) {
    if (errnoOf(error) === undefined) throw error
    failed(`cannot be started: ${errnoOf(error)}`)
  }
}

function lower(child: ChildProcess): void {
  try {
    if (child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_LOW)
  } catch (error) {
    // It ended already, or we are nicer ourselves.
    if (errnoOf(error) === undefined) throw error
  }
}

function listen(child: ChildProcess, onEnd: (end: ChoreEnd) => void): void {
  let [stdout, stderr] = ['', '']
  let hasEnded = false
  const end = (problems: readonly string[]) => {
    if (hasEnded) return
    hasEnded = true
    const said = parseJson(stdout.split('\n')[0] ?? '')
    onEnd({ said: isRecord(said) ? said : {}, problems })
  }
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    if (stdout.length < MOST_OUTPUT) stdout += text
  })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    if (stderr.length < MOST_OUTPUT) stderr += text
  })
  child.on('error', (error) => end([error.message]))
  child.on('close', (code, signal) => {
    const lines = stderr.split('\n').filter(Boolean)
    end(lines.length > 0 || code === 0 ? lines : [`it ended with ${signal ?? `exit ${code}`}`])
  })
}
