/** `rq schedule run`: an item of a schedule, now. */
import type { Msg } from '../domain/item.ts'
import { formatItemName } from '../domain/name.ts'
import { giveWay } from '../fsqueue/give-way.ts'
import { ensureQueue } from '../fsqueue/layout.ts'
import type { Draft } from '../fsqueue/publish.ts'
import { earlierRuns, readScheduleState, writeByHand } from '../fsqueue/schedule-files.ts'
import { syncInOrder } from '../fsqueue/sync.ts'
import { isOpen, whereabouts } from '../fsqueue/whereabouts.ts'
import { loadNative } from '../os/native.ts'
import { type Answer, refuse } from './answer.ts'
import type { Context } from './context.ts'
import { Publisher } from './publisher.ts'
import type { Chosen, ScheduleInput, ScheduleValue } from './schedule.ts'
import { isDown } from './spool.ts'

export async function runSchedule(
  context: Context,
  chosen: Chosen,
  input: ScheduleInput,
): Promise<Answer<ScheduleValue>> {
  const { queue, config, spec } = chosen
  if (isDown(queue.dir)) return refuse('busy', `queue ${queue.name} is down and takes nothing (its _down says so)`)
  const now = context.now()
  const earlier = earlierRuns(queue.dir, spec.name, readScheduleState(queue.dir, spec.name)?.fired)
  if (spec.overlap === 'skip' && !input.force) {
    const open = earlier.find(({ item, care }) => isOpen(whereabouts(queue.dir, item, now, care)))
    if (open !== undefined)
      return refuse('busy', `${open.item.id}, of its last run, waits or runs: --force runs another all the same`)
  }
  ensureQueue(queue.dir, config.shared)
  const draft = draftOf(context, chosen, input)
  // The id is told with the rest.
  const publisher = await Publisher.open({ ...context, tell: () => undefined }, queue, config, false)
  await publisher.add({ draft, bytes: 0, moved: [] })
  const { published, problems } = await publisher.close()
  if (published === 0) return { value: undefined, problems }
  const name = formatItemName({ base: `${draft.id}.msg`, priority: draft.priority, tags: draft.tags })
  await writeByHand(queue.dir, spec.name, { id: draft.id, name })
  if (spec.overlap === 'replace') await replace(context, chosen, earlier)
  return { value: [{ queue: queue.name, schedule: spec.name, id: draft.id, did: 'waits' }], problems }
}

function draftOf(context: Context, { spec }: Chosen, input: ScheduleInput): Draft {
  const { param1, param2, param3, param4 } = input
  const texts = Object.entries({ param1, param2, param3, param4 }).filter(([, text]) => text !== undefined)
  const params = { ...spec.msg.params, ...Object.fromEntries(input.param) }
  const msg: Msg = {
    ...spec.msg,
    ...Object.fromEntries(texts),
    ...(Object.keys(params).length === 0 ? {} : { params }),
    src: spec.msg.src ?? `schedule/${spec.name}`,
    scheduled: { name: spec.name, by_hand: true },
  }
  const id = context.newId(spec.name)
  return { id, priority: spec.priority, tags: spec.tags, msg, attach: [] }
}

async function replace(context: Context, { queue }: Chosen, earlier: ReturnType<typeof earlierRuns>): Promise<void> {
  const native = await loadNative()
  for (const { item, care } of earlier) {
    const { dirs } = giveWay(queue.dir, item, { now: context.now(), newId: context.newId, native, care })
    await syncInOrder(dirs)
  }
}
