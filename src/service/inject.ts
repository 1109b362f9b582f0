/** `rq inject`: items into a queue, each told of when it is on the disk. */
import type { KeyWish } from '../domain/keys.ts'
import type { QueueConfig } from '../domain/policy.ts'
import { removeFile } from '../fsqueue/files.ts'
import { ensureQueue } from '../fsqueue/layout.ts'
import { type BytePath, look, place } from '../fsqueue/place.ts'
import { type Answer, isProblem, ok, type Problem, problem, refuse } from './answer.ts'
import type { Context } from './context.ts'
import { attachedItem, fileItem, type Item, messageItem, type Wish } from './drafts.ts'
import { dueOf, messageComplaint, msgOf, paramOptions, placeOptions, srcOption } from './message-options.ts'
import { Publisher } from './publisher.ts'
import { isDown, loadConfig, openQueue, type Queue } from './spool.ts'
import { defineVerb, type Input } from './verb.ts'

const args = {
  queue: { type: 'queue', summary: 'the queue' },
  file: { type: 'path', summary: 'each becomes an item; "-" is stdin', many: true, optional: true },
} as const

const options = {
  ...paramOptions,
  attach: { type: 'path', summary: 'all files into one item', many: true, value: 'FILE' },
  ...placeOptions,
  ...srcOption,
  id: { type: 'id', summary: 'its id, for one item; one that exists is not published twice', value: 'ID' },
  key: { type: 'text', summary: 'a word for what it is about: one item of a key at a time', value: 'KEY' },
  unique: { type: 'duration', summary: 'with --key: not a second one for so long', value: 'DURATION' },
  debounce: {
    type: 'text',
    summary: 'with --key: one that waits is delayed until --in or --at, or replaced',
    value: 'delay|replace',
    words: ['delay', 'replace'],
  },
  json: { type: 'text', summary: '"-": one JSON message a line on stdin, each an item', value: '-' },
  link: { type: 'flag', summary: 'hard-link instead of copying' },
  move: { type: 'flag', summary: 'remove the files once their items are on the disk' },
} as const

export interface Injected {
  readonly queue: string
  readonly published: number
  /** Items that were there already, by --id or --key. */
  readonly existed: number
}

export const inject = defineVerb({
  summary: 'put items into a queue',
  details:
    'Prints the id of each item when it is on the disk: exit 0 means that all are, whatever happens to the power. ' +
    'Exit 74: they may be; repeat with the same --id. With --attach, all files named make one item.',
  arguments: args,
  options,
  examples: [
    { command: 'rq inject mail *.eml', says: 'an item for each file' },
    { command: 'rq inject scale photo.jpg --param width=800 --priority 2', says: 'with parameters, and before others' },
    { command: 'rq inject report --param1 2026-11 --in 2h', says: 'parameters only, not before two hours have passed' },
    { command: 'rq inject mail --attach letter.txt photo.jpg', says: 'one item with two files' },
    { command: 'pg_dump shop | rq inject backup -', says: 'from stdin' },
    {
      command: 'rq inject index --param1 page7 --key page7 --debounce delay --in 30s',
      says: 'once, 30 s after the last',
    },
    { command: `rq inject mail --message '{"params": {"n": 1}}'`, says: 'parameters that are no texts' },
    { command: 'rq inject hooks --json - < messages.jsonl', says: 'an item for each line' },
  ],
  run: async (context, input): Promise<Answer<Injected>> => {
    const trouble = usageProblem(input)
    if (trouble !== undefined) return { value: undefined, problems: [trouble] }
    const queue = await openQueue(context.root, input.queue)
    if ('kind' in queue) return { value: undefined, problems: [queue] }
    if (isDown(queue.dir)) return refuse('busy', `queue ${queue.name} is down and takes nothing (its _down says so)`)
    const loaded = await loadConfig(context.root, queue.name)
    if ('problem' in loaded) return refuse('failed', `queue ${queue.name}: ${loaded.problem}`)
    ensureQueue(queue.dir, loaded.config.shared)

    if (input.key !== undefined) return publishKeyed(context, queue, loaded.config, input, input.key)
    const publishAll = () => publishGiven(context, queue, loaded.config, input)
    if (input.id === undefined) return publishAll()
    const { injectOnce } = await import('./inject-once.ts')
    return injectOnce(context, queue, input.id, publishAll)
  },
})

async function publishKeyed(
  context: Context,
  queue: Queue,
  config: QueueConfig,
  input: Given,
  key: string,
): Promise<Answer<Injected>> {
  const wish = keyWish(context, config, input)
  if (wish === undefined)
    return refuse('usage', '--key needs --unique or --debounce, or `unique` in the configuration of the queue')
  const { injectKeyed } = await import('./inject-keyed.ts')
  const [file] = input.file
  const name = file === undefined || isStdin(file) ? '' : file.replace(/\/+$/, '').replace(/^.*\//s, '')
  const id = context.newId(input.attach.length > 0 ? '' : name)
  const { priority, due, tags } = wishOf(context, input)
  const isMessage = file === undefined && input.attach.length === 0
  const publish = () => publishGiven(context, queue, config, { ...input, id })
  return injectKeyed({ context, queue, config, key, wish, draft: { id, priority, due, tags, isMessage }, publish })
}

function keyWish(context: Context, config: QueueConfig, input: Given): KeyWish | undefined {
  if (input.debounce === 'replace') return { how: 'replace' }
  if (input.debounce === 'delay') return { how: 'delay', due: wishOf(context, input).due ?? 0 }
  const window = input.unique ?? config.uniqueFor
  return window === undefined ? undefined : { how: 'unique', for: window }
}

async function publishGiven(
  context: Context,
  queue: Queue,
  config: QueueConfig,
  input: Given,
): Promise<Answer<Injected>> {
  const publisher = await Publisher.open(context, queue, config, isMany(input))
  const spooled = place(queue.dir, 'prep', `.stdin-${context.newId()}`)
  try {
    await feed(context, input, publisher, spooled)
    const { published, problems } = await publisher.close()
    if (context.cancelled.aborted)
      context.tell({ kind: 'note', text: `interrupted: ${published} published, nothing half` })
    return ok({ queue: queue.name, published, existed: 0 }, problems)
  } finally {
    if (look(spooled) !== undefined) removeFile(spooled)
  }
}

type Given = Input<typeof args, typeof options>

/** From so many on, one syncfs saves more than loading it costs. */
const MANY = 12

function isMany(input: Given): boolean {
  return input.json !== undefined || input.file.length >= MANY
}

function usageProblem(input: Given): Problem | undefined {
  const items = input.json === undefined && input.attach.length === 0 ? Math.max(1, input.file.length) : 1
  const complaints: readonly (readonly [boolean, string])[] = [
    [input.json !== undefined && input.json !== '-', '--json takes "-": messages are read from stdin'],
    [input.json !== undefined && input.file.length + input.attach.length > 0, '--json takes no files'],
    [input.id !== undefined && (input.json !== undefined || items > 1), '--id is for one item'],
    [input.at !== undefined && input.in !== undefined, 'only one of --at and --in'],
    ...keyComplaints(input, items),
    [input.link && input.move, 'only one of --link and --move'],
    [input.file.filter(isStdin).length > 1, 'stdin can be read once'],
    [input.attach.length > 0 && [...input.attach, ...input.file].some(isStdin), '"-" is no attachment'],
  ]
  const complaint = complaints.find(([applies]) => applies)?.[1] ?? messageComplaint(input.message)
  return complaint === undefined ? undefined : problem('usage', complaint)
}

function keyComplaints(input: Given, items: number): readonly (readonly [boolean, string])[] {
  const { key, unique, debounce, json, id } = input
  return [
    [key === undefined && unique !== undefined, '--unique is for --key'],
    [key === undefined && debounce !== undefined, '--debounce is for --key'],
    [key === '', '--key must not be empty'],
    [unique !== undefined && debounce !== undefined, 'only one of --unique and --debounce'],
    [debounce !== undefined && debounce !== 'delay' && debounce !== 'replace', '--debounce is delay or replace'],
    [debounce === 'delay' && input.in === undefined && input.at === undefined, '--debounce delay needs --in or --at'],
    [key !== undefined && (json !== undefined || items > 1), '--key is for one item'],
    [key !== undefined && id !== undefined, '--key needs no --id: it may be repeated as it is'],
  ]
}

function isStdin(path: string): boolean {
  return path === '-'
}

function wishOf(context: Context, input: Given): Wish {
  return {
    id: input.id,
    priority: input.priority,
    due: dueOf(context, input),
    tags: [...new Set(input.tag)],
    msg: msgOf(input),
    how: input.move ? 'move' : input.link ? 'link' : 'copy',
  }
}

async function feed(context: Context, input: Given, publisher: Publisher, spooled: BytePath): Promise<void> {
  const wish = wishOf(context, input)
  if (input.json !== undefined) return (await import('./stdin.ts')).feedLines(context, wish, publisher)
  if (input.attach.length > 0)
    return void (await offer(publisher, attachedItem(context, wish, [...input.attach, ...input.file])))
  if (input.file.length === 0) return void (await publisher.add(messageItem(context, wish)))
  let done = 0
  for (const path of input.file) {
    const item = isStdin(path)
      ? await (await import('./stdin.ts')).spool(context, wish, spooled)
      : fileItem(context, wish, path)
    if (!(await offer(publisher, item))) return
    done += 1
    context.tell({ kind: 'progress', done, total: input.file.length })
  }
}

function offer(publisher: Publisher, item: Item | Problem): Promise<boolean> | boolean {
  if (!isProblem(item)) return publisher.add(item)
  publisher.complain(item)
  return true
}
