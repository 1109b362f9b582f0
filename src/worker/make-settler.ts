/** What the settler needs to know of the queue and its neighbours, and what follows from a verdict. */
import { openSync } from 'node:fs'
import type { Outcome } from '../domain/item.ts'
import { parseItemId } from '../domain/name.ts'
import { QueueIoError } from '../fsqueue/errors.ts'
import { attachments } from '../fsqueue/message.ts'
import type { Moved } from '../fsqueue/move.ts'
import type { Durability } from '../fsqueue/sync.ts'
import { makeSyncer, type Syncer } from '../fsqueue/sync.ts'
import { loadNative } from '../os/native.ts'
import { asksFirst } from './asking.ts'
import { derivedId, neighbour, publishCopy } from './neighbours.ts'
import { retryQueue } from './retry-target.ts'
import { type Ended, runPath } from './run.ts'
import { Settler } from './settler.ts'
import type { RelayTarget, Settled } from './verdict.ts'
import type { Worker } from './worker.ts'

export function makeSettler(worker: Worker): Settler {
  const { options } = worker
  const gone = { to: 'elsewhere', verdict: 'moved by hand' } as const
  return new Settler({
    queue: options.queue,
    config: () => worker.config,
    syncer: syncerFor(worker),
    newId: options.newId,
    handlerFails: () => worker.handlerFails(),
    beforeFails: () => worker.hooks.fails('before'),
    isAskedFirst: ({ move, msg }) => move.to === 'relay' && asksFirst(msg.relay?.to),
    onAsk: (settled) => worker.runs.aftermath.ask(settled),
    relayTarget: (ended, dest) => relayTarget(worker, ended, dest),
    retryQueue: (name) => retryQueue(worker, name),
    relay: (settled) => relay(worker, settled),
    onSettled: (settled, moved, durable) => settledAs(worker, settled, moved, durable),
    onGone: (ended) => {
      options.emit({ kind: 'item-ended', id: ended.id, attempt: ended.attempt, ...gone })
      worker.starting.offerAgain(ended.id)
    },
    onTrouble: (error) => worker.trouble(error),
    onMoved: (moved) => worker.history.moved(moved),
    onWell: () => worker.well(),
    onRound: () => worker.pump(),
  })
}

/** The syncer for the durability that is configured now. syncfs comes when its module is loaded. */
function syncerFor(worker: Worker): () => Syncer {
  const fd = openSync('.', 'r')
  let made: { readonly durability: Durability; readonly syncer: Syncer } | undefined
  const make = (durability: Durability) => {
    made = { durability, syncer: makeSyncer(durability, fd, undefined) }
    if (durability !== 'none') {
      void loadNative().then((native) => {
        if (made?.durability === durability) made = { durability, syncer: makeSyncer(durability, fd, native) }
      })
    }
    return made.syncer
  }
  make(worker.config.durability)
  return () => {
    const { durability } = worker.config
    return made?.durability === durability ? made.syncer : make(durability)
  }
}

function relayTarget(worker: Worker, ended: Ended, dest: string): RelayTarget {
  const target = neighbour(dest, worker.root)
  if (target.kind === 'ok') {
    const attached = attachments(runPath(worker.options.queue, ended))
    if (attached.kind === 'refused')
      return { kind: 'refused', verdict: { kind: 'fail', text: `relay: ${attached.why}`, final: true } }
    return { kind: 'ok', to: target.name, as: derivedId(ended.id, ended.attempt, 0) }
  }
  const text = `relay: ${target.why}`
  return {
    kind: 'refused',
    verdict: target.lasting
      ? { kind: 'fail', text, final: true }
      : { kind: 'reschedule', text, after: worker.config.policy.rescheduleAfter },
  }
}

async function relay(worker: Worker, { ended, msg }: Settled): Promise<void> {
  const { queue, emit } = worker.options
  if (msg.relay === undefined) return
  const target = neighbour(msg.relay.to, worker.root)
  if (target.kind === 'refused')
    throw new QueueIoError('relay', msg.relay.to, Object.assign(new Error(target.why), { code: 'ENOENT' }))
  // Written by a settle of ours; whoever else wrote it names no path with it.
  const as = parseItemId(msg.relay.id) ?? derivedId(ended.id, ended.attempt, 0)
  await publishCopy(
    target,
    { as, item: runPath(queue, ended), name: ended.name, id: ended.id, msg, due: undefined },
    worker.starting.native,
  )
  emit({ kind: 'published', id: ended.id, to: target.name, as, why: 'relay' })
}

function handlerEnded(outcome: Outcome): boolean {
  return outcome.kind === 'exited' && outcome.before !== true
}

function settledAs(worker: Worker, settled: Settled, moved: Moved, durable: boolean): void {
  const { ended, verdict, move, record } = settled
  worker.history.ended(settled)
  if (verdict.kind !== 'broken' && handlerEnded(ended.outcome) && worker.handler.isDoubtful) {
    worker.handler.mend()
    worker.options.emit({ kind: 'handler-mended' })
  }
  if (moved.kind === 'moved' && moved.at.state === 'que' && moved.queue === undefined)
    worker.requeued(moved.at.raw, verdict.kind === 'broken')
  worker.starting.offerAgain(ended.id)
  worker.options.emit({
    kind: 'item-ended',
    id: ended.id,
    attempt: ended.attempt,
    to: move.to === 'relay' ? 'relayed' : move.to,
    verdict: durable ? (record?.verdict ?? verdict.kind) : 'not known to be on the disk',
    ...(move.to === 'que' && move.queue !== undefined ? { retryQueue: move.queue } : {}),
    ...(record?.exit === undefined ? {} : { exit: record.exit }),
    ...(record?.text === undefined ? {} : { text: record.text }),
    ...(ended.started === undefined ? {} : { ms: Date.now() - Date.parse(ended.started) }),
  })
}
