/** Slots that several queues share: real daemons, real workers. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { kill, makeQueue, startDaemon, tempRoot } from '../helpers/daemon.ts'
import { rq } from '../helpers/rq.ts'
import { rqd, workersOf } from '../helpers/rqd.ts'
import { until } from '../helpers/until.ts'
import { openQueue, type TestQueue } from '../helpers/worker.ts'

/** Writes down that it began and that it ended; in between it waits for `go` in the root. */
const WAITS = `#!/bin/sh
echo "+ $RQ_QUEUE $RQ_MSG_ID" >> ../../../../../ran
while [ ! -e ../../../../../go ]; do sleep 0.05; done
echo "- $RQ_QUEUE $RQ_MSG_ID" >> ../../../../../ran
`
const WORKS = WAITS.replace(/while.*done/, 'sleep 0.1')

function pooled(pools: readonly object[], handlers: Readonly<Record<string, string>>) {
  const root = tempRoot()
  const queues = Object.entries(handlers).map(([name, text]): [string, TestQueue] => {
    return [name, openQueue(makeQueue(root, name, text, { slots: 4 }))]
  })
  configure(root, pools)
  return { root, queues: new Map(queues) }
}

function configure(root: string, pools: readonly object[]): void {
  writeFileSync(join(root, 'config.json'), JSON.stringify({ pools }))
}

function ran(root: string): string[] {
  const file = join(root, 'ran')
  return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : []
}

/** The most that ran at one time, of those whose begin and end are written down. */
function mostAtOnce(lines: readonly string[]): number {
  let now = 0
  let most = 0
  for (const line of lines) {
    now += line.startsWith('+') ? 1 : -1
    most = Math.max(most, now)
  }
  return most
}

function queue(queues: ReadonlyMap<string, TestQueue>, name: string): TestQueue {
  const found = queues.get(name)
  if (found === undefined) throw new Error(`no queue ${name}`)
  return found
}

describe('a pool of two slots for three queues', () => {
  it('is never more than two runs, though a worker is killed in the middle; and every item ends', async () => {
    const handlers = { critical: WORKS, 'mail-a': WORKS, 'mail-b': WORKS }
    const { root, queues } = pooled([{ name: 'io', queues: ['critical', 'mail-*'], slots: 2 }], handlers)
    const items = [...queues.values()].flatMap((each) => Array.from({ length: 10 }, () => ({ each, id: each.drop() })))
    const daemon = await startDaemon(root)
    // It had its permits, and its handlers run on without it.
    await until(() => ran(root).some((line) => line.startsWith('+ critical')), 20_000, 'something runs')
    kill(await until(() => workersOf(daemon.pid).get('critical')), 'SIGKILL')
    for (const { each, id } of items) expect(await each.settled(id)).toBe('done')
    const lines = ran(root)
    expect(lines).toHaveLength(60)
    expect(mostAtOnce(lines)).toBe(2)
    await daemon.stop()
  })
})
