/** Every verb, once. The command line, its help and its completion are made from this. */
import { alerts } from './alerts.ts'
import type { Answer } from './answer.ts'
import { attach } from './attach.ts'
import { audit } from './audit.ts'
import { cat } from './cat.ts'
import { causes } from './causes.ts'
import { clean } from './clean.ts'
import { clone } from './clone.ts'
import { commit } from './commit.ts'
import { config } from './config.ts'
import { configure } from './configure.ts'
import type { Context } from './context.ts'
import { create } from './create.ts'
import { down, up } from './down.ts'
import { edit } from './edit.ts'
import { events } from './events.ts'
import { form } from './form.ts'
import { graph } from './graph.ts'
import { health } from './health.ts'
import { hold } from './hold.ts'
import { inject } from './inject.ts'
import { kill } from './kill.ts'
import { log } from './log.ts'
import { ls } from './ls.ts'
import { metrics } from './metrics.ts'
import { move } from './move.ts'
import { newId } from './new-id.ts'
import { pause, resume } from './pause.ts'
import { peek } from './peek.ts'
import { prep } from './prep.ts'
import { qshape } from './qshape.ts'
import { queues } from './queues.ts'
import { release } from './release.ts'
import { restart } from './restart.ts'
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
import { workers } from './workers.ts'

export const VERBS = {
  create,
  inject,
  prep,
  attach,
  commit,
  queues,
  stats,
  top,
  workers,
  qshape,
  causes,
  graph,
  events,
  metrics,
  health,
  config,
  configure,
  form,
  ls,
  show,
  peek,
  cat,
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
  clone,
  move,
  pause,
  resume,
  down,
  up,
  restart,
  clean,
  schedule,
  alerts,
  audit,
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
