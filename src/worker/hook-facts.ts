/** What a hook that runs after its item is told: all that the handler was, and what became of it. */
import type { HookAfter } from '../domain/hooks.ts'
import { attachments } from '../fsqueue/message.ts'
import { toBytes } from '../fsqueue/place.ts'
import { environmentOf } from '../launch/values.ts'
import { runPath } from './run.ts'
import { runFacts } from './starter.ts'
import type { Settled } from './verdict.ts'
import type { Worker } from './worker.ts'

export interface HookFacts {
  /** The payload's paths, as the handler got them; bytes. */
  readonly files: readonly string[]
  /** Values are bytes. */
  readonly environment: readonly (readonly [name: string, value: string])[]
}

const MAX_TEXT = 4096

export function hookFacts(worker: Worker, hook: HookAfter, { ended, verdict, move, record }: Settled): HookFacts {
  const { queue, queueName } = worker.options
  const attached = attachments(runPath(queue, ended))
  const names = attached.kind === 'ok' ? attached.names : []
  const item = { ...ended, attachments: names, isOneFile: names.length === 1 }
  const check = worker.handler.look(worker.command, Date.now())
  const realPath = check.kind === 'ok' ? check.realPath : ''
  const facts = runFacts({ queueName, config: worker.config }, item, realPath, ended.started ?? '')
  const told: Record<string, string> = {
    ...environmentOf(facts),
    RQ_HOOK: hook,
    RQ_VERDICT: record?.verdict ?? verdict.kind,
    RQ_TO: move.to === 'relay' ? move.dest : move.to,
    RQ_TEXT: record?.text ?? verdict.text,
    ...(record?.exit === undefined ? {} : { RQ_EXIT: String(record.exit) }),
  }
  return {
    files: names.map((name) => `../attach/${name}`),
    environment: Object.entries(told).map(([name, value]) => [
      name,
      name === 'RQ_TEXT' || name === 'RQ_TO' ? said(value) : value,
    ]),
  }
}

/** A handler's own words: no environment holds a NUL. */
function said(text: string): string {
  return toBytes(text.replaceAll('\0', ' ').slice(0, MAX_TEXT))
}
