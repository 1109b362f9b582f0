/** `rq clone`: a new item of the same message and files, as if it had never run. */
import { closeSync } from 'node:fs'
import type { Msg } from '../domain/item.ts'
import { displayName, formatItemName, idTail, parseItemName, type RawName } from '../domain/name.ts'
import { formOf, messageOf, openWithin, payloadsOf } from '../fsqueue/content.ts'
import { attachments } from '../fsqueue/message.ts'
import { type BytePath, place, stateDir, within } from '../fsqueue/place.ts'
import { type Accepting, accepting } from './accepting.ts'
import { type Problem, problem, refuse } from './answer.ts'
import { askFirst } from './asking.ts'
import { bulkOptions, forEachMeant } from './bulk.ts'
import type { Context } from './context.ts'
import { isSettable, SETTABLE, withKeys } from './edit-message.ts'
import { callName } from './item-ref.ts'
import { type Found, pathOf } from './lookup.ts'
import { dueOf, placeOptions } from './message-options.ts'
import { messageProblem, unknownUnlessSynced } from './prep.ts'
import type { Attempted, Done } from './relocate.ts'
import { openQueue, type Queue } from './spool.ts'
import { defineVerb, type Input } from './verb.ts'

const options = {
  ...bulkOptions,
  to: { type: 'queue', summary: 'into another queue', value: 'QUEUE' },
  set: { type: 'pair', summary: 'give a key of the message a text, as edit does', many: true, value: 'KEY=TEXT' },
  unset: { type: 'text', summary: 'take a key away', many: true, value: 'KEY' },
  ...placeOptions,
  hold: { type: 'flag', summary: 'held: it runs when it is released' },
} as const

export interface Cloned extends Done {
  readonly from: string
}

export const clone = defineVerb({
  summary: 'make new items of the same messages and files',
  details:
    'Each gets an id of its own, which is printed; `cloned_from` in its message names the first. Attempts, result and due ' +
    'time are not taken over; priority and tags are, and --tag adds to them. Files are copied, sharing blocks where the file ' +
    'system can: a change of one item is none of the other.',
  arguments: {
    id: { type: 'item', summary: 'items in any state', states: ['_err', 'que', 'pause'], many: true, optional: true },
  },
  options,
  examples: [
    { command: 'rq clone x7f2k9', says: 'the same again' },
    { command: 'rq clone x7f2k9 --to mail-test --set param1=me@example.com', says: 'elsewhere, and otherwise' },
    { command: "rq clone mail --where 'failed age<1h' --hold", says: 'all that match, to be looked at first' },
  ],
  run: async (context, input) => {
    const wrong = [...input.set.map(([key]) => key), ...input.unset].find((key) => !isSettable(key))
    if (wrong !== undefined) return refuse('usage', `--set and --unset know no "${wrong}": ${SETTABLE}`)
    if (input.at !== undefined && input.in !== undefined) return refuse('usage', 'only one of --at and --in')
    const to = input.to === undefined ? undefined : await openQueue(context.root, input.to)
    if (to !== undefined && 'kind' in to) return { value: undefined, problems: [to] }
    const targets = new Map<string, Promise<Accepting | Problem>>()
    const target = (queue: Queue) => {
      const opened = targets.get(queue.name) ?? accepting(context, queue)
      targets.set(queue.name, opened)
      return opened
    }
    const act = async (item: Found) => {
      const into = await target(to ?? item.queue)
      return 'kind' in into ? into : cloneOne(context, item, input, into)
    }
    return forEachMeant(context, input, act, { states: ['que', 'pause', '_err', 'done', 'relayed', 'run'] })
  },
})

type Wish = Omit<Input<Record<never, never>, typeof options>, keyof typeof bulkOptions | 'to'>

async function cloneOne(context: Context, item: Found, wish: Wish, into: Accepting): Promise<Attempted<Cloned>> {
  if (item.at.state === 'prep') return problem('failed', `${callName(item.at.raw)} is still being built`)
  const sources = openSources(item)
  if (sources === 'gone' || 'kind' in sources) return sources
  try {
    const msg = withKeys(sources.msg, wish.set, wish.unset)
    const wrong = messageProblem(msg)
    if (wrong !== undefined) return problem('failed', `${callName(item.at.raw)}: ${wrong}`)
    return await build(context, into, item, { ...sources, msg }, wish)
  } finally {
    for (const { fd } of sources.files) closeSync(fd)
  }
}

interface Sources {
  readonly msg: Msg
  readonly files: readonly { readonly name: RawName; readonly fd: number }[]
}

/** All its files are open before the first is copied: it may move meanwhile, and what is copied is what it had. */
function openSources(item: Found): Attempted<Sources> {
  const path = pathOf(item)
  const name = callName(item.at.raw)
  const form = formOf(path, item.at.raw)
  if (form === undefined) return 'gone'
  if (form === 'special') return orGone(item, problem('failed', `${name} is nothing that can be copied`))
  const reading = messageOf(path, form)
  if (reading.kind === 'bad') return orGone(item, problem('failed', `${name}: ${reading.problem}`))
  const attached = form === 'directory' ? attachments(path) : undefined
  if (attached?.kind === 'refused') return orGone(item, problem('failed', `${name}: ${attached.why}`))
  const files: { name: RawName; fd: number }[] = []
  for (const payload of payloadsOf(path, item.at.raw, form)) {
    const fd = form === 'file' ? openWithin(dirOf(item), item.at.raw) : openWithin(path, 'attach', payload.name)
    if (fd !== undefined) files.push({ name: payload.name, fd })
    else {
      for (const { fd: open } of files) closeSync(open)
      return orGone(item, problem('failed', `${name}: an attachment is no regular file`))
    }
  }
  const plain: Msg = form === 'file' ? { name: displayName(files[0]?.name ?? '') } : {}
  return { msg: { ...plain, ...freshOf(reading.kind === 'msg' ? reading.msg : {}), cloned_from: name }, files }
}

/** What rqd wrote into it speaks of the life of another item. */
function freshOf(msg: Msg): Msg {
  const { attempts: _1, result: _2, relay: _3, merged: _4, scheduled: _5, ...own } = msg
  return own
}

function dirOf({ queue, at }: Found): BytePath {
  return at.bucket === undefined ? stateDir(queue.dir, at.state) : place(queue.dir, at.state, at.bucket)
}

function orGone(item: Found, trouble: Problem): Attempted<never> {
  return formOf(pathOf(item), item.at.raw) === undefined ? 'gone' : trouble
}

async function build(
  context: Context,
  into: Accepting,
  item: Found,
  { msg, files }: Sources,
  wish: Wish,
): Promise<Attempted<Cloned>> {
  const { buildItem } = await import('../fsqueue/draft.ts')
  const { queue, config, durable } = into
  const old = parseItemName(item.at.raw)
  const id = context.newId(old.id === undefined ? old.base : idTail(old.id))
  const tags = [...old.tags, ...wish.tag.filter((tag) => !old.tags.includes(tag))]
  const priority = wish.priority ?? old.priority
  const name = formatItemName({ base: id, priority, due: dueOf(context, wish), tags })
  const state = wish.hold ? 'pause' : 'que'
  const veto = async (built: BytePath) => {
    const attach = files.map((file) => ({
      name: file.name,
      source: { kind: 'copy', path: within(built, 'attach', file.name) } as const,
    }))
    return (await vetoOf(context, into, { id, msg, attach }))?.text
  }
  const made = await buildItem(queue.dir, { id, name, msg, files, to: state }, { durable, shared: config.shared, veto })
  if (made.kind === 'vetoed') return problem('failed', made.why)
  if (made.kind === 'taken') return problem('failed', `${id} exists already`)
  const unknown = durable ? await unknownUnlessSynced(queue, id, [state, 'prep']) : undefined
  const from = callName(item.at.raw)
  return unknown ?? { queue: queue.name, id, did: 'cloned', from }
}

async function vetoOf(
  context: Context,
  { queue, config }: Accepting,
  draft: Parameters<typeof askFirst>[3],
): Promise<Problem | undefined> {
  const { hasEnqueueHook } = await import('../fsqueue/enqueue-hook.ts')
  return hasEnqueueHook(queue.dir) ? askFirst(context, queue, config, draft) : undefined
}
