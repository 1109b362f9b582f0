/** `rq kill`: `touch run/<item>/cancel`, and wait until the daemon has ended it. */
import { setFlag } from '../fsqueue/layout.ts'
import { look, within } from '../fsqueue/place.ts'
import { problem } from './answer.ts'
import { bulkOptions, forEachMeant } from './bulk.ts'
import type { Context } from './context.ts'
import { daemonRuns } from './daemon.ts'
import { callName } from './item-ref.ts'
import { type Found, pathOf } from './lookup.ts'
import type { Attempted, Done } from './relocate.ts'
import { defineVerb } from './verb.ts'
import { waitForAll } from './wait.ts'

const DEFAULT_TIMEOUT = 60_000
const TOLD = 'told to stop'

export const kill = defineVerb({
  summary: 'stop running items; they end as failed',
  details: 'The handler gets TERM, and KILL after the queue’s term_timeout. Needs the daemon.',
  arguments: { id: { type: 'item', summary: 'items that run', states: ['run'], many: true, optional: true } },
  options: {
    ...bulkOptions,
    timeout: { type: 'duration', summary: 'how long to wait for the end (default 1m)', value: 'DURATION', short: 't' },
  },
  examples: [
    { command: 'rq kill x7f2k9', says: 'returns when it has ended' },
    { command: "rq kill mail --where 'age>1h'", says: 'all that run for more than an hour' },
  ],
  run: async (context, input) => {
    const told: Found[] = []
    const answer = await forEachMeant(context, input, (item) => stop(context, item, told), {
      states: ['run'],
      preferred: ['run'],
    })
    // All are told before any is waited for: each may take its time to end.
    const ends = await waitForAll(context, told, input.timeout ?? DEFAULT_TIMEOUT)
    const ended = new Map(ends.value?.map((end) => [`${end.queue}/${end.id}`, end]))
    const value = answer.value?.flatMap((done) => {
      if (done.did !== TOLD) return [done]
      const end = ended.get(`${done.queue}/${done.id}`)
      return end === undefined
        ? []
        : [{ ...done, did: `ended in ${end.state}${end.text === '' ? '' : ` (${end.text})`}` }]
    })
    return { value, problems: [...answer.problems, ...ends.problems] }
  },
})

async function stop(context: Context, item: Found, told: Found[]): Promise<Attempted<Done>> {
  const name = callName(item.at.raw)
  if (item.at.state !== 'run') return problem('failed', `${name} does not run, it lies in ${item.at.state}`)
  if (!(await daemonRuns(context.root)))
    return problem('daemon-down', `no daemon runs on ${context.root}, so nobody would stop ${name}`)
  setFlag(within(pathOf(item), 'cancel'))
  // It ended in between, and what we made was a file in the directory that it left, or nothing.
  if (look(pathOf(item)) === undefined) return 'gone'
  told.push(item)
  return { queue: item.queue.name, id: name, did: TOLD }
}
