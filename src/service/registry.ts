/** Every verb, once. The command line, its help and its completion are made from this. */
import { alerts } from './alerts.ts'
import type { Answer } from './answer.ts'
import { clean } from './clean.ts'
import { config } from './config.ts'
import type { Context } from './context.ts'
import { create } from './create.ts'
import { edit } from './edit.ts'
import { health } from './health.ts'
import { hold } from './hold.ts'
import { inject } from './inject.ts'
import { kill } from './kill.ts'
import { log } from './log.ts'
import { ls } from './ls.ts'
import { move } from './move.ts'
import { newId } from './new-id.ts'
import { pause, resume } from './pause.ts'
import { peek } from './peek.ts'
import { qshape } from './qshape.ts'
import { queues } from './queues.ts'
import { release } from './release.ts'
import { result } from './result.ts'
import { retry } from './retry.ts'
import { rm } from './rm.ts'
import { schedule } from './schedule.ts'
import { show } from './show.ts'
import { rootProblem } from './spool.ts'
import { stats } from './stats.ts'
import { top } from './top.ts'
import { trash } from './trash.ts'
import { undo } from './undo.ts'
import type { Verb } from './verb.ts'
import { wait } from './wait.ts'
import { why } from './why.ts'

export const VERBS = {
  create,
  inject,
  queues,
  stats,
  top,
  qshape,
  health,
  config,
  ls,
  show,
  peek,
  why,
  log,
  wait,
  result,
  retry,
  rm,
  undo,
  trash,
  hold,
  release,
  kill,
  edit,
  move,
  pause,
  resume,
  clean,
  schedule,
  alerts,
  'new-id': newId,
} as const

export type VerbName = keyof typeof VERBS

/** Runs a verb with what its own specification was parsed into; none on a root that a newer program made. */
export async function perform(name: VerbName, context: Context, input: unknown): Promise<Answer<unknown>> {
  const trouble = rootProblem(context.root)
  if (trouble !== undefined) return { value: undefined, problems: [trouble] }
  return (VERBS[name] as unknown as Verb).run(context, input as never)
}

/** What a verb answers when all went well. */
export type ValueOf<N extends VerbName> = NonNullable<Awaited<ReturnType<(typeof VERBS)[N]['run']>>['value']>
