/** What the service needs of the world, for tests that call it without a command line. */
import { Readable } from 'node:stream'
import { idMaker } from '../../src/fsqueue/new-id.ts'
import type { Context, ServiceEvent } from '../../src/service/context.ts'

export interface TestContext extends Context {
  readonly told: ServiceEvent[]
}

export function contextOf(root: string, cancelled: AbortSignal = new AbortController().signal): TestContext {
  const told: ServiceEvent[] = []
  return {
    root,
    now: Date.now,
    newId: idMaker(),
    tell: (event) => told.push(event),
    input: () => Readable.from([]),
    edit: () => Promise.resolve(false),
    showsProgress: false,
    cancelled,
    told,
  }
}
