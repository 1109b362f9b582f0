/** The hook `enqueue` of a queue: asked before anything is published into it, and may say no (docs/HOOKS.md). */

import type { Msg } from '../domain/item.ts'
import { formatJson } from '../domain/json.ts'
import type { ItemId } from '../domain/name.ts'
import { errnoOf } from '../os/errno.ts'
import { runProgram, textOf } from '../os/program.ts'
import { distrustPath } from '../os/trust.ts'
import { type BytePath, fsPath, inQueue, look, type QueueDir } from './place.ts'

const HOOK = 'hooks/enqueue'

export interface Enqueued {
  readonly queueName: string
  readonly root: string
  readonly id: ItemId
  readonly msg: Msg | undefined
  /** Absolute, of the payload. */
  readonly paths: readonly BytePath[]
  readonly timeoutMs: number
}

export function hasEnqueueHook(queue: QueueDir): boolean {
  return look(inQueue(queue, HOOK)) !== undefined
}

/** Why it is not taken, or undefined. A hook that is there and cannot be asked takes nothing. */
export async function askEnqueue(queue: QueueDir, about: Enqueued): Promise<string | undefined> {
  const problem = hookTrouble(inQueue(queue, HOOK))
  if (problem !== undefined) return `hook enqueue cannot be asked: ${problem}`
  const end = await runProgram({
    argv: [`./${HOOK}`, ...about.paths],
    cwd: queue.base === '' ? '.' : textOf(queue.base),
    env: { ...inherited(), RQ_HOOK: 'enqueue', RQ_QUEUE: about.queueName, RQ_ROOT: about.root, RQ_MSG_ID: about.id },
    input: `${formatJson(about.msg ?? {})}\n`,
    timeoutMs: about.timeoutMs,
  })
  switch (end.kind) {
    case 'timeout':
      return 'hook enqueue took too long'
    case 'failed':
      return `hook enqueue cannot be asked: ${end.why}`
    case 'exited':
      if (end.code === 0) return undefined
      return `hook enqueue: ${end.stderr.trim().split('\n').at(-1)?.slice(0, 500) || `exit ${end.code}`}`
  }
}

function hookTrouble(hook: BytePath): string | undefined {
  try {
    return distrustPath(fsPath(hook))
  } catch (error) {
    if (errnoOf(error) === undefined) throw error
    return String(errnoOf(error))
  }
}

function inherited(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) =>
      value === undefined || name.startsWith('RQD_') || name.startsWith('NODE_CHANNEL_') ? [] : [[name, value]],
    ),
  )
}
