/** `rq wait`: until items have ended; woken by the directories, with a slow look behind it. */
import type { Attempt, State } from '../domain/item.ts'
import { formOf, messageOf } from '../fsqueue/content.ts'
import { look, stateDir } from '../fsqueue/place.ts'
import { watchNames } from '../fsqueue/watch.ts'
import { type Answer, type Problem, problem } from './answer.ts'
import type { Context } from './context.ts'
import { callName } from './item-ref.ts'
import { type Found, findAgain, findAnywhere, finder, pathOf } from './lookup.ts'
import type { Queue } from './spool.ts'
import { defineVerb } from './verb.ts'

export interface Ended {
  readonly queue: string
  readonly id: string
  readonly state: 'done' | 'relayed' | '_err'
  readonly text: string
}

const SLOW_LOOK = 2_000
/** Looking takes at most this part of the time: 1 in 10. */
const CALM = 9

export const wait = defineVerb({
  summary: 'wait until items have ended; exits 0 if all are done, 1 if one failed',
  details:
    'An item that was relayed counts as done. Exit 75: not all had ended in time. An item without an id (a dropped file that waits) cannot be waited for.',
  arguments: { id: { type: 'item', summary: 'items to wait for', states: ['run', 'que'], many: true } },
  options: { timeout: { type: 'duration', summary: 'give up after this time', value: 'DURATION', short: 't' } },
  examples: [
    { command: 'rq wait $(rq inject mail a.eml) --timeout 5m', says: 'run it and learn how it went' },
    { command: 'rq inject mail *.eml | xargs rq wait', says: 'many' },
  ],
  run: async (context, input) => {
    const find = finder(context.root)
    const problems: Problem[] = []
    const items: Found[] = []
    for (const ref of input.id) {
      const found = await find(ref)
      if ('kind' in found) problems.push(found)
      else if (found.id === undefined)
        problems.push(
          problem('failed', `${callName(found.at.raw)} has no id before it starts: wait for it by its id then`),
        )
      else items.push(found)
    }
    const answer = await waitForAll(context, items, input.timeout)
    return { ...answer, problems: [...problems, ...answer.problems] }
  },
})

/** Waits for the end of each; whatever they ended as. */
export async function waitForAll(
  context: Context,
  items: readonly Found[],
  timeout: number | undefined,
): Promise<Answer<readonly Ended[]>> {
  const waiting = new Map(items.map((item) => [`${item.queue.name}/${item.id}`, item]))
  const ended: Ended[] = []
  const problems: Problem[] = []
  const check = async () => {
    for (const [key, item] of waiting) {
      if (!isEnded(item.at.state) && look(pathOf(item)) !== undefined) continue
      const now = isEnded(item.at.state) ? item : ((await findAgain(item)) ?? (await findAnywhere(context.root, item)))
      if (now === undefined) problems.push(problem('not-found', `${item.id} is gone: somebody removed it`))
      else if (!isEnded(now.at.state)) {
        waiting.set(key, now)
        continue
      } else ended.push(endOf(now))
      waiting.delete(key)
    }
  }
  await untilEmpty(
    context,
    items.map((item) => item.queue),
    waiting,
    check,
    timeout,
  )
  for (const item of waiting.values())
    problems.push(problem('busy', `${item.id} has not ended: it lies in ${item.at.state}`))
  return { value: ended, problems, failed: ended.some(({ state }) => state === '_err') }
}

async function untilEmpty(
  context: Context,
  queues: readonly Queue[],
  waiting: ReadonlyMap<string, unknown>,
  check: () => Promise<void>,
  timeout: number | undefined,
): Promise<void> {
  const deadline = timeout === undefined ? Number.POSITIVE_INFINITY : performance.now() + timeout
  const bell = new Bell()
  const watches = waiting.size === 0 ? [] : watchEnds(queues, () => bell.ring())
  const cancel = () => bell.ring()
  context.cancelled.addEventListener('abort', cancel)
  try {
    for (;;) {
      const began = performance.now()
      await check()
      const now = performance.now()
      const left = deadline - now
      if (waiting.size === 0 || left <= 0 || context.cancelled.aborted) return
      // Thousands of items are not looked at for each one that ends: the worker needs the processor more.
      await bell.rung(Math.min(left, SLOW_LOOK), 2 + CALM * (now - began))
    }
  } finally {
    context.cancelled.removeEventListener('abort', cancel)
    for (const watch of watches) watch.close()
  }
}

/** An item that ends leaves run/; that it came there, or was moved by hand, the slow look finds as well. */
function watchEnds(queues: readonly Queue[], ring: () => void): { close(): void }[] {
  const dirs = new Set(queues.flatMap((queue) => (['run', '_err'] as const).map((state) => stateDir(queue.dir, state))))
  // A directory that cannot be watched is looked at slowly.
  return [...dirs].map((dir) => watchNames(dir, ring, () => undefined))
}

/** Wakes one sleeper; rung while nobody sleeps, the next sleep is short. Rings of one moment are one. */
class Bell {
  #wake: (() => void) | undefined
  #isRung = false

  ring(): void {
    this.#isRung = true
    this.#wake?.()
  }

  async rung(atMost: number, notBefore: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(done, atMost)
      function done() {
        clearTimeout(timer)
        resolve()
      }
      this.#wake = () => setTimeout(done, notBefore)
      if (this.#isRung) this.#wake()
    })
    this.#isRung = false
    this.#wake = undefined
  }
}

function isEnded(state: State): state is 'done' | 'relayed' | '_err' {
  return state === 'done' || state === 'relayed' || state === '_err'
}

function endOf(item: Found): Ended {
  const form = formOf(pathOf(item), item.at.raw)
  const reading = form === undefined ? undefined : messageOf(pathOf(item), form)
  const last: Attempt | undefined = reading?.kind === 'msg' ? reading.msg.attempts?.at(-1) : undefined
  const state = item.at.state
  return {
    queue: item.queue.name,
    id: callName(item.at.raw),
    state: isEnded(state) ? state : '_err',
    text: last?.text ?? '',
  }
}
