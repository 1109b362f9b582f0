/** `$ROOT/_web.json`: where the web of this root is served, and by which process. Droppable. */
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as v from 'valibot'
import { errnoOf } from '../os/errno.ts'
import { isAlive, processStat } from '../os/process.ts'

const Note = v.object({ pid: v.number(), start: v.number(), addresses: v.array(v.string()) })

function notePath(root: string): string {
  return join(root, '_web.json')
}

/** undefined when nothing serves it now. */
export function readAddresses(root: string): readonly string[] | undefined {
  const note = v.safeParse(v.pipe(v.string(), v.parseJson(), Note), textOf(notePath(root)))
  return note.success && isAlive(note.output.pid, note.output.start) ? note.output.addresses : undefined
}

export function writeAddresses(root: string, addresses: readonly string[]): void {
  const note = { pid: process.pid, start: processStat(process.pid)?.start ?? 0, addresses }
  const fresh = `${notePath(root)}.tmp`
  rmSync(fresh, { force: true })
  writeFileSync(fresh, `${JSON.stringify(note)}\n`, { flag: 'wx', mode: 0o600 })
  renameSync(fresh, notePath(root))
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (errnoOf(error) === undefined) throw error
    return ''
  }
}
