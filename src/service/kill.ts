/** `rq kill`: `touch run/<item>/cancel`, and wait until the daemon has ended it. */
import { setFlag } from '../fsqueue/layout.ts'
import { look, within } from '../fsqueue/place.ts'
import { problem } from './answer.ts'
import { daemonRuns } from './daemon.ts'
import { callName } from './item-ref.ts'
import { pathOf } from './lookup.ts'
import { type Done, forEachItem } from './relocate.ts'
import { defineVerb } from './verb.ts'
import { waitForAll } from './wait.ts'

const DEFAULT_TIMEOUT = 60_000

export const kill = defineVerb({
  summary: 'stop running items; they end as failed',
  details: 'The handler gets TERM, and KILL after the queue’s term_timeout. Needs the daemon.',
  arguments: { id: { type: 'item', summary: 'items that run', states: ['run'], many: true } },
  options: {
    timeout: { type: 'duration', summary: 'how long to wait for the end (default 1m)', value: 'DURATION', short: 't' },
  },
  examples: [{ command: 'rq kill x7f2k9', says: 'returns when it has ended' }],
  run: (context, input) =>
    forEachItem<Done>(
      context,
      input.id,
      async (item) => {
        const name = callName(item.at.raw)
        if (item.at.state !== 'run') return problem('failed', `${name} does not run, it lies in ${item.at.state}`)
        if (!(await daemonRuns(context.root)))
          return problem('daemon-down', `no daemon runs on ${context.root}, so nobody would stop ${name}`)
        setFlag(within(pathOf(item), 'cancel'))
        // It ended in between, and what we made was a file in the directory that it left, or nothing.
        if (look(pathOf(item)) === undefined) return 'gone'
        const { value, problems } = await waitForAll(context, [item], input.timeout ?? DEFAULT_TIMEOUT)
        const [end] = value ?? []
        if (end === undefined) return problems[0] ?? problem('busy', `${name} has not ended yet`)
        return { queue: end.queue, id: end.id, did: `ended in ${end.state}${end.text === '' ? '' : ` (${end.text})`}` }
      },
      ['run'],
    ),
})
