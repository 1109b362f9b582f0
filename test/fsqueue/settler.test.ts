import { existsSync, mkdirSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { defaultQueueConfig } from '../../src/config/config.ts'
import type { ItemId, RawName } from '../../src/domain/name.ts'
import type { Moved } from '../../src/fsqueue/move.ts'
import { makeSyncer } from '../../src/fsqueue/sync.ts'
import type { Ended } from '../../src/worker/run.ts'
import { Settler } from '../../src/worker/settler.ts'
import { until } from '../helpers/until.ts'
import { makeQueue, newId } from './support.ts'

/** Its attempt n has ended with this exit. */
function endedRun(path: string, id: ItemId, attempt: number, code: number): Ended {
  mkdirSync(join(path, 'run', id), { recursive: true })
  writeFileSync(join(path, 'run', id, 'msg'), JSON.stringify({ param1: `life ${attempt}` }))
  writeFileSync(join(path, 'run', id, `attempt.${attempt}`), `#${code}   \n# 1 1 boot -\n#status\n`)
  const msg = { param1: `life ${attempt}` }
  return {
    id,
    name: id as string as RawName,
    msg,
    attempt,
    spent: 0,
    started: undefined,
    outcome: { kind: 'exited', code },
  }
}

it('an item that runs again before its round is over is not judged by its earlier end', async () => {
  const { path, queue } = makeQueue()
  const settled: string[] = []
  const gone: string[] = []
  const [first, again, held] = [newId(), newId(), newId()]
  // Whatever failed cannot be moved for now.
  rmdirSync(join(path, '_err'))
  writeFileSync(join(path, '_err'), '')

  const settler: Settler = new Settler({
    queue,
    config: defaultQueueConfig,
    syncer: () => makeSyncer('none', 0, undefined),
    newId,
    handlerFails: () => false,
    retryQueue: () => ({ kind: 'own' }),
    beforeFails: () => false,
    isAskedFirst: () => false,
    onAsk: () => undefined,
    relayTarget: () => ({ kind: 'refused', verdict: { kind: 'fail', text: '', final: true } }),
    relay: () => Promise.resolve(),
    onSettled: ({ ended }, moved: Moved) => {
      settled.push(`${ended.id} ${ended.attempt} ${moved.kind === 'moved' ? moved.at.state : moved.kind}`)
      // Its next run begins and ends while the round that its first was in is still reporting.
      if (ended.id === again && ended.attempt === 1) settler.add(endedRun(path, again, 2, 75))
    },
    onGone: ({ id, attempt }) => gone.push(`${id} ${attempt}`),
    onTrouble: () => undefined,
    onWell: () => undefined,
    onRound: () => undefined,
    onMoved: () => undefined,
  })

  settler.add(endedRun(path, first, 1, 0))
  for (const ended of [endedRun(path, again, 1, 75), endedRun(path, held, 1, 1)]) settler.add(ended)
  await until(() => settled.length === 3)
  rmSync(join(path, '_err'))
  mkdirSync(join(path, '_err'))
  await until(() => settled.length === 4)
  expect(settled).toEqual([`${first} 1 done`, `${again} 1 que`, `${again} 2 que`, `${held} 1 _err`])
  expect(gone).toEqual([])
  expect(existsSync(join(path, 'run', again))).toBe(false)
})
