/** What a key does in `rq top`: pages over each other, a question before what changes much. Pure; the terminal carries it out. */
import type { Listed } from '../service/ls.ts'
import type { VerbName } from '../service/registry.ts'
import type { TopQueue } from '../service/top.ts'

export const SORTS = ['name', 'waiting', 'failed', 'oldest'] as const
export type Sort = (typeof SORTS)[number]

/** Which items of a queue are shown. */
export const FILTERS = ['unfinished', 'running', 'waiting', 'held', 'failed', 'done'] as const
export type Filter = (typeof FILTERS)[number]

export type Page =
  | { readonly kind: 'queues'; readonly selected: string | undefined }
  | { readonly kind: 'items'; readonly queue: string; readonly filter: Filter; readonly selected: string | undefined }
  /** All about one item, from this line on. */
  | { readonly kind: 'item'; readonly ref: string; readonly from: number }
  | { readonly kind: 'help' }

export interface Deed {
  readonly verb: VerbName
  readonly input: Readonly<Record<string, unknown>>
}

export interface View {
  readonly page: Page
  /** Where Escape leads, the last first. */
  readonly below: readonly Page[]
  readonly sort: Sort
  readonly asked: { readonly question: string; readonly deed: Deed } | undefined
  readonly note: string
}

export type Order =
  | { readonly kind: 'quit'; readonly code: number }
  /** Another page: what it shows is wanted now. */
  | { readonly kind: 'look' }
  | { readonly kind: 'do'; readonly deed: Deed }

/** What is on the screen. */
export interface Shown {
  readonly queues: readonly TopQueue[]
  readonly items: readonly Listed[]
}

export interface Pressed {
  readonly view: View
  readonly order?: Order
}

export const FIRST_VIEW: View = {
  page: { kind: 'queues', selected: undefined },
  below: [],
  sort: 'name',
  asked: undefined,
  note: '',
}

const BACK = new Set(['escape', 'backspace', 'left', 'h'])
const OPEN = new Set(['return', 'right', 'l'])
const STEPS: Readonly<Record<string, number>> = { up: -1, k: -1, down: 1, j: 1, pageup: -10, pagedown: 10 }

/** `key`: as node:readline names it, or the character itself. */
export function press(before: View, key: string, shown: Shown): Pressed {
  if (key === 'ctrl+c') return { view: before, order: { kind: 'quit', code: 130 } }
  const view = { ...before, note: '', asked: undefined }
  if (before.asked !== undefined)
    return key === 'y'
      ? { view, order: { kind: 'do', deed: before.asked.deed } }
      : { view: { ...view, note: 'nothing was done' } }
  if (key === 'q') return { view, order: { kind: 'quit', code: 0 } }
  if (key === '?' && view.page.kind !== 'help') return over(view, { kind: 'help' })
  const [under] = view.below
  if (under !== undefined && (BACK.has(key) || view.page.kind === 'help'))
    return { view: { ...view, page: under, below: view.below.slice(1) }, order: { kind: 'look' } }
  switch (view.page.kind) {
    case 'queues':
      return pressOnQueues(view, view.page, key, shown.queues)
    case 'items':
      return pressOnItems(view, view.page, key, shown.items)
    case 'item':
      return { view: { ...view, page: { ...view.page, from: Math.max(0, view.page.from + (STEPS[key] ?? 0)) } } }
    case 'help':
      return { view }
  }
}

function over(view: View, page: Page): Pressed {
  return { view: { ...view, page, below: [view.page, ...view.below] }, order: { kind: 'look' } }
}

type PageOf<K extends Page['kind']> = Extract<Page, { kind: K }>

function pressOnQueues(view: View, page: PageOf<'queues'>, key: string, queues: readonly TopQueue[]): Pressed {
  if (key === 's') {
    const sort = next(SORTS, view.sort)
    return { view: { ...view, sort, note: `sorted by ${sort}` }, order: { kind: 'look' } }
  }
  const names = queues.map(({ name }) => name)
  const name = selectedOf(names, page.selected)
  const queue = queues.find((one) => one.name === name)
  if (queue === undefined || name === undefined) return { view }
  if (OPEN.has(key)) return over(view, { kind: 'items', queue: name, filter: 'unfinished', selected: undefined })
  if (key === 'p') {
    const verb = queue.paused ? 'resume' : 'pause'
    return { view, order: { kind: 'do', deed: { verb, input: { queue: [name], all: false } } } }
  }
  if (key === 'r') return retryAll(view, queue)
  return { view: { ...view, page: { ...page, selected: moved(names, name, key) } } }
}

function retryAll(view: View, { name, counts, capped }: TopQueue): Pressed {
  if (counts._err === 0) return { view: { ...view, note: `${name}: nothing has failed` } }
  const question = `Run again all ${counts._err}${capped.includes('_err') ? '+' : ''} that failed in ${name}?`
  const input = { ...NO_BULK, id: [name], all: true, slow: undefined }
  return { view: { ...view, asked: { question, deed: { verb: 'retry', input } } } }
}

/** As the verbs' options are when nobody gives them. */
const NO_BULK = { where: undefined, 'dry-run': false, first: undefined, last: undefined }

const NO_LS = {
  all: false,
  offset: undefined,
  after: undefined,
  within: undefined,
  sort: undefined,
  reverse: false,
  columns: undefined,
  deep: false,
  ids: false,
}
const ITEMS_SHOWN = 200

/** An item as any verb takes it. */
export function refOf({ queue, id, name }: Listed): string {
  return `${queue}/${id ?? name}`
}

function pressOnItems(view: View, page: PageOf<'items'>, key: string, items: readonly Listed[]): Pressed {
  if (key === 'f') {
    const filter = next(FILTERS, page.filter)
    return { view: { ...view, page: { ...page, filter, selected: undefined } }, order: { kind: 'look' } }
  }
  const refs = items.map(refOf)
  const ref = selectedOf(refs, page.selected)
  const item = items.find((one) => refOf(one) === ref)
  if (item === undefined || ref === undefined) return { view }
  if (OPEN.has(key)) return over(view, { kind: 'item', ref, from: 0 })
  const input = { ...NO_BULK, id: [ref] }
  if (key === 'p') {
    const verb = item.status === 'held' ? 'release' : 'hold'
    return { view, order: { kind: 'do', deed: { verb, input } } }
  }
  const asked = ASKED_OF_ITEMS[key]
  if (asked !== undefined) {
    const deed = { verb: asked.verb, input: { ...input, ...asked.options } }
    return { view: { ...view, asked: { question: asked.question(ref), deed } } }
  }
  return { view: { ...view, page: { ...page, selected: moved(refs, ref, key) } } }
}

const ASKED_OF_ITEMS: Readonly<
  Record<
    string,
    { readonly verb: VerbName; readonly options: Deed['input']; readonly question: (ref: string) => string }
  >
> = {
  r: { verb: 'retry', options: { all: false, slow: undefined }, question: (ref) => `Run ${ref} again?` },
  x: { verb: 'rm', options: {}, question: (ref) => `Put ${ref} into the trash?` },
  c: { verb: 'kill', options: { timeout: undefined }, question: (ref) => `Stop ${ref}?` },
}

/** The first, while none was chosen or the chosen one is gone. */
export function selectedOf(names: readonly string[], chosen: string | undefined): string | undefined {
  return chosen !== undefined && names.includes(chosen) ? chosen : names[0]
}

function moved(names: readonly string[], selected: string, key: string): string | undefined {
  const at = names.indexOf(selected) + (STEPS[key] ?? 0)
  return names[Math.min(names.length - 1, Math.max(0, at))]
}

function next<W>(all: readonly W[], one: W): W {
  return all[(all.indexOf(one) + 1) % all.length] ?? one
}

/** Where a page is read. `top`: what `rq top` was asked for. */
export function sourceOf(page: Page, top: Deed['input']): Deed | undefined {
  switch (page.kind) {
    case 'queues':
      return { verb: 'top', input: top }
    case 'items': {
      const query = page.filter === 'unfinished' ? [] : [page.filter]
      return { verb: 'ls', input: { ...NO_LS, queue: page.queue, query, limit: ITEMS_SHOWN } }
    }
    case 'item':
      return { verb: 'show', input: { id: [page.ref] } }
    case 'help':
      return undefined
  }
}
