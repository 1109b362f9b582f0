/** A worker that is started again when it ends, as the supervisor does it; and how it ended. */
import { setTimeout as sleep } from 'node:timers/promises'
import { forkWorker, type WorkerHandle } from '../helpers/worker.ts'

export interface Supervised {
  /** Of each end that was not asked for: was the worker ready, and its exit code (null: a signal). */
  readonly ends: readonly { readonly wasReady: boolean; readonly code: number | null }[]
  readonly said: () => string
  stop(): Promise<void>
}

const RESTART_MS = 200

export function supervise(queue: string, env: Readonly<Record<string, string>>): Supervised {
  const ends: { wasReady: boolean; code: number | null }[] = []
  let said = ''
  let stopping = false
  let worker: WorkerHandle
  const start = () => {
    worker = forkWorker(queue, { env, stderr: 'pipe' })
    const { process, messages, ended } = worker
    process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said += text
    })
    return ended.then(async (code) => {
      if (stopping) return
      ends.push({ wasReady: messages.some(({ type }) => type === 'ready'), code })
      await sleep(RESTART_MS)
    })
  }
  const living = (async () => {
    while (!stopping) await start()
  })()
  return {
    ends,
    said: () => said,
    stop: async () => {
      stopping = true
      await worker.stop()
      await living
    },
  }
}
