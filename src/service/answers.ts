/** What each verb answers when all went well, by name: the API's own description is made from these types. */
import type { QueueAlerts } from './alerts.ts'
import type { Attached, Detached } from './attach-stream.ts'
import type { AuditLog } from './audit.ts'
import type { Causes } from './causes.ts'
import type { Cleaned } from './clean.ts'
import type { Committed } from './commit.ts'
import type { ConfigSchema, EffectiveConfig } from './config.ts'
import type { Configured } from './configure.ts'
import type { Downed } from './down.ts'
import type { Events } from './events.ts'
import type { QueueForm } from './form.ts'
import type { Graph } from './graph.ts'
import type { HealthAnswer } from './health.ts'
import type { Injected } from './inject.ts'
import type { Listing } from './ls.ts'
import type { Paused } from './pause.ts'
import type { Peek } from './peek.ts'
import type { Drafted } from './prep.ts'
import type { Shape } from './qshape.ts'
import type { Queues } from './queues.ts'
import type { Done } from './relocate.ts'
import type { Restarted } from './restart.ts'
import type { RetriedQueue } from './retry-all.ts'
import type { ScheduleValue } from './schedule.ts'
import type { Shown } from './show.ts'
import type { Stats } from './stats.ts'
import type { Top } from './top.ts'
import type { Trash } from './trash.ts'
import type { Ended } from './wait.ts'
import type { Why } from './why.ts'
import type { Workers } from './workers.ts'

export interface Answers {
  readonly audit: AuditLog
  readonly create: { readonly queue: string; readonly path: string; readonly handler: string | null }
  readonly prep: Drafted
  readonly attach: readonly (Attached | Detached)[]
  readonly commit: readonly Committed[]
  readonly clone: readonly Done[]
  readonly inject: Injected
  readonly queues: Queues
  readonly stats: Stats
  readonly top: Top
  readonly workers: Workers
  readonly qshape: Shape
  readonly causes: Causes
  readonly graph: Graph
  readonly events: Events
  readonly metrics: { readonly text: string }
  readonly health: HealthAnswer
  readonly config: EffectiveConfig | ConfigSchema
  readonly configure: Configured
  readonly form: QueueForm
  readonly down: readonly Downed[]
  readonly up: readonly Downed[]
  readonly restart: readonly Restarted[]
  readonly ls: Listing
  readonly show: readonly Shown[]
  readonly peek: Peek
  readonly why: readonly Why[]
  readonly wait: readonly Ended[]
  readonly retry: readonly (Done | RetriedQueue)[]
  readonly rm: readonly Done[]
  readonly undo: readonly Done[]
  readonly trash: Trash
  readonly hold: readonly Done[]
  readonly release: readonly Done[]
  readonly kill: readonly Done[]
  readonly edit: readonly Done[]
  readonly move: readonly Done[]
  readonly pause: readonly Paused[]
  readonly resume: readonly Paused[]
  readonly clean: readonly Cleaned[]
  readonly schedule: ScheduleValue
  readonly alerts: readonly QueueAlerts[]
  readonly 'new-id': { readonly id: string }
}
