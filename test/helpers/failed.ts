/** Items that failed, as a worker leaves them. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { newId } from './worker.ts'

/** `queue`: its directory. The ids. */
export function putFailed(queue: string, count: number, attempt: object, message: object = {}): string[] {
  return Array.from({ length: count }, () => {
    const id = newId()
    const path = join(queue, '_err', id)
    mkdirSync(path, { recursive: true })
    const ended = new Date().toISOString()
    const last = { n: 1, started: ended, ended, verdict: 'fail', to: '_err', ...attempt }
    writeFileSync(join(path, 'msg'), JSON.stringify({ ...message, attempts: [last] }))
    return id
  })
}
