/** What a verb needs of the world, of a process that serves one root. */
import { Readable } from 'node:stream'
import type { Context } from '../service/context.ts'
import { idMaker } from '../service/new-id.ts'
import { memory } from './memory.ts'

/** One for all requests: the ids of a process rise. */
const newId = idMaker()

/** Of work that nobody asked for by himself. */
export function contextFor(root: string): Context {
  return {
    root,
    now: Date.now,
    newId,
    tell: () => undefined,
    input: () => Readable.from([]),
    edit: () => Promise.resolve(false),
    showsProgress: false,
    cancelled: new AbortController().signal,
    memory,
  }
}
