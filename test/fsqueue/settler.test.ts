import { existsSync, mkdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { defaultQueueConfig } from '../../src/config/config.ts'
import type { ItemId, RawName } from '../../src/domain/name.ts'
import type { Moved } from '../../src/fsqueue/move.ts'
import { makeSyncer } from '../../src/fsqueue/sync.ts'
import type { Ended } from '../../src/worker/run.ts'
import { Settler } from '../../src/worker/settler.ts'
import type { SettlerContext } from '../../src/worker/verdict.ts'
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

const PLAIN: Omit<SettlerContext, 'queue' | 'onSettled'> = {
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
  onGone: () => undefined,
  onTrouble: () => undefined,
  onWell: () => undefined,
  onRound: () => undefined,
  onMoved: () => undefined,
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
    ...PLAIN,
    queue,
    onSettled: ({ ended }, moved: Moved) => {
      settled.push(`${ended.id} ${ended.attempt} ${moved.kind === 'moved' ? moved.at.state : moved.kind}`)
      // Its next run begins and ends while the round that its first was in is still reporting.
      if (ended.id === again && ended.attempt === 1) settler.add(endedRun(path, again, 2, 75))
    },
    onGone: ({ id, attempt }) => gone.push(`${id} ${attempt}`),
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

/** One that is put back, or is to be tried again, is canceled in a moment of its settle. Where it is then, and its attempts. */
async function canceled(attempt: number, when: 'before' | 'at the sync') {
  const { path, queue } = makeQueue()
  const id = newId()
  const plain = makeSyncer('none', 0, undefined)
  const settled: string[] = []
  const cancel = () => existsSync(join(path, 'run', id)) && writeFileSync(join(path, 'run', id, 'cancel'), '')
  const settler = new Settler({
    ...PLAIN,
    queue,
    syncer: () => ({
      ...plain,
      syncGroup: (...given) => {
        if (when === 'at the sync') cancel()
        return plain.syncGroup(...given)
      },
    }),
    onSettled: (_, moved) => settled.push(moved.kind === 'moved' ? moved.at.state : moved.kind),
  })
  const ended = endedRun(path, id, Math.max(1, attempt), 75)
  if (when === 'before') cancel()
  settler.add(
    attempt > 0 ? ended : { ...ended, attempt, outcome: { kind: 'stopped', cause: 'shutdown', code: undefined } },
  )
  await until(() => settled.length > 0)
  const msg = JSON.parse(readFileSync(join(path, settled[0] ?? '', id, 'msg'), 'utf8'))
  return { settled, attempts: msg.attempts, left: existsSync(join(path, settled[0] ?? '', id, 'cancel')) }
}

it.each([
  ['that is to be tried again, canceled before its verdict', 1, 'before'],
  ['that is to be tried again, canceled while its verdict is on the way', 1, 'at the sync'],
  ['that never began, canceled before it is put back', 0, 'before'],
  ['that never began, canceled while it is put back', 0, 'at the sync'],
] as const)('an item %s is not run again, and says why', async (_, attempt, when) => {
  expect(await canceled(attempt, when)).toMatchObject({
    settled: ['_err'],
    attempts: [{ n: 1, cause: 'cancel', verdict: 'fail', to: '_err', text: 'canceled' }],
    left: false,
  })
})
