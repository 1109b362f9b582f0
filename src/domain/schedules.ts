/**
 * Schedules: which instants have come since the last look, and what is to be done about each. Pure; the worker carries
 * it out (worker/scheduler.ts), and the supervisor asks when a sleeping queue wants its worker.
 */
import type { Msg } from './item.ts'
import { isRecord, parseJson } from './json.ts'
import { type ItemId, type Millis, makeId, parseItemId } from './name.ts'
import { type Clock, passedInstants, type Timing, timingText } from './timing.ts'

export const CATCH_UPS = ['none', 'once', 'all'] as const
export const OVERLAPS = ['skip', 'queue', 'replace'] as const

export interface ScheduleSpec {
  readonly name: string
  readonly timing: Timing
  readonly description: string | undefined
  /** What becomes of instants at which nobody could fire. */
  readonly catchUp: (typeof CATCH_UPS)[number]
  /** What happens while the item of the last fire waits or runs. */
  readonly overlap: (typeof OVERLAPS)[number]
  /** Each host and queue has an offset of its own in [0, spread). */
  readonly spread: Millis
  readonly priority: number | undefined
  readonly tags: readonly string[]
  readonly msg: Msg
}

export const SCHEDULE_NAME = /^[A-Za-z0-9_.-]{1,64}$/

/** Why an instant had no item. `missed`: nobody was there; another may stand for it. `refused`: by the hook `enqueue`. */
export const SKIPS = ['missed', 'overlap', 'paused', 'down', 'refused'] as const
export type Skip = (typeof SKIPS)[number]

/** `_schedules/NAME.json`: what was done about a schedule so far. */
export interface ScheduleState {
  /** `timingText` of what it was written for. */
  readonly timing: string
  /** Instants up to this one are dealt with. */
  readonly until: Millis
  /** Those that were dealt with last, in that order: not again, wherever the clock is set to. */
  readonly dealt: readonly Millis[]
  readonly fired?: { readonly at: Millis; readonly id: ItemId; readonly name: string }
  readonly skipped?: { readonly at: Millis; readonly why: Skip; readonly count: number }
}

/** So late is a busy machine; later is missed. */
const ON_TIME: Millis = 60_000
/** So many missed instants are caught up at most. */
export const MOST_CAUGHT_UP = 100
const REMEMBERED = 256

/** A schedule that nobody has seen before begins now: what was before is not its own. */
export function freshState(spec: ScheduleSpec, now: Millis): ScheduleState {
  return { timing: timingText(spec.timing), until: now, dealt: [] }
}

/**
 * The state to go on from. A timing that was changed begins now. So does one whose clock was set back: what comes from
 * here on comes again, and of it what was dealt with is remembered.
 */
export function stateNow(spec: ScheduleSpec, state: ScheduleState | undefined, now: Millis): ScheduleState {
  if (state === undefined) return freshState(spec, now)
  const timing = timingText(spec.timing)
  if (state.timing !== timing) return { ...state, timing, until: now }
  // A step of seconds moves nothing that was not looked at. A longer one may have been noticed a while after it.
  if (state.until > now) return { ...state, until: state.until - now < ON_TIME ? now : now - ON_TIME }
  return state
}

/** When somebody has to look at it: the next instant, or at once. */
export function nextLook(spec: ScheduleSpec, clock: Clock, state: ScheduleState | undefined, now: Millis): Millis {
  if (spec.timing.kind === 'by-hand') return Number.POSITIVE_INFINITY
  const at = stateNow(spec, state, now)
  return at === state ? clock(at.until) : now
}

/** What the queue is like, as far as a schedule is concerned. */
export interface Surroundings {
  readonly isPaused: boolean
  readonly isDown: boolean
  /** The item of the last fire, scheduled or by hand, waits or runs. */
  readonly isOpen: boolean
}

export type Order =
  | {
      readonly do: 'fire'
      readonly at: Millis
      readonly isLate: boolean
      /** So many missed instants have no item of their own beside this one. */
      readonly missed: number
      /** What waits or runs of earlier fires makes room for it. */
      readonly replaces: boolean
      /** Nobody may have published it before, but a crash or a clock that was set may hide that. */
      readonly isDoubtful: boolean
    }
  | { readonly do: 'skip'; readonly at: Millis; readonly count: number; readonly why: Skip }

/** What is to be done about the instants that came, in their order; `state` is `stateNow`'s. */
export function decide(
  spec: ScheduleSpec,
  clock: Clock,
  state: ScheduleState,
  now: Millis,
  around: () => Surroundings,
): Order[] {
  const passed = passedInstants(clock, state.until, now, MOST_CAUGHT_UP)
  const fresh = freshOf(passed.instants, state, now)
  if (fresh.length === 0) return []
  const { isPaused, isDown, isOpen } = around()
  if (isPaused || isDown) return [skip(fresh, isPaused ? 'paused' : 'down')]
  const wanted = wantedOf(spec, fresh, now)
  const [first] = wanted
  if (first === undefined) return [skip(fresh, 'missed')]
  const missed = fresh.filter((at) => !wanted.includes(at))
  const skips = missed.length === 0 ? [] : [skip(missed, 'missed')]
  const known = Math.max(...state.dealt, Number.NEGATIVE_INFINITY)
  const fire = (at: Millis, stands = 0): Order => {
    const isLate = now - at >= ON_TIME
    const replaces = spec.overlap === 'replace'
    return { do: 'fire', at, isLate, missed: stands, replaces, isDoubtful: isLate || at <= known }
  }
  switch (spec.overlap) {
    case 'queue':
      return [...skips, ...wanted.map((at, index) => fire(at, index === 0 ? missed.length : 0))]
    case 'replace':
      // Each would replace the one before it: the last is what stays.
      return [...skips, ...overtaken(wanted.slice(0, -1)), fire(wanted.at(-1) ?? first, missed.length)]
    case 'skip':
      if (isOpen) return [...skips, ...overtaken(wanted)]
      return [...skips, fire(first, missed.length), ...overtaken(wanted.slice(1))]
  }
}

/** What came and was not dealt with. Of what is late, only what came after all that was: a clock that was set back and forth brings back nothing. */
function freshOf(instants: readonly Millis[], state: ScheduleState, now: Millis): readonly Millis[] {
  const dealt = new Set(state.dealt)
  const known = Math.max(...state.dealt.filter((at) => at <= now), Number.NEGATIVE_INFINITY)
  return instants.filter((at) => !dealt.has(at) && (now - at < ON_TIME || at > known))
}

function skip(instants: readonly Millis[], why: Skip): Order {
  return { do: 'skip', at: instants.at(-1) ?? 0, count: instants.length, why }
}

function overtaken(instants: readonly Millis[]): Order[] {
  return instants.length === 0 ? [] : [skip(instants, 'overlap')]
}

/** Those that are to have an item of their own, overlap aside. */
function wantedOf(spec: ScheduleSpec, fresh: readonly Millis[], now: Millis): readonly Millis[] {
  const onTime = fresh.filter((at) => now - at < ON_TIME)
  switch (spec.catchUp) {
    case 'none':
      return onTime
    case 'once':
      // One that is on time stands for those that were missed.
      return onTime.length > 0 ? onTime : fresh.slice(-1)
    case 'all':
      return fresh
  }
}

/** After an order was carried out. `published` is what a fire came to. */
export function afterOrder(
  state: ScheduleState,
  order: Order,
  published?: { readonly id: ItemId; readonly name: string },
): ScheduleState {
  const dealt = [...state.dealt, order.at].slice(-REMEMBERED)
  if (order.do === 'skip') {
    const { at, why, count } = order
    return { ...state, dealt, skipped: { at, why, count } }
  }
  if (published === undefined) return { ...state, dealt }
  return { ...state, dealt, fired: { at: order.at, id: published.id, name: published.name } }
}

/** After all orders of a look. */
export function lookedUntil(state: ScheduleState, now: Millis): ScheduleState {
  return { ...state, until: now }
}

/**
 * The id of a fire follows from schedule and instant. `hash` is a cryptographic one, in hex. It does not depend on the
 * queue's name: a queue that is renamed fires nothing twice.
 */
export function fireId(name: string, at: Millis, hash: (text: string) => string): ItemId {
  return makeId(at, 0, base36(hash(`schedule\n${name}\n${at}`)), name)
}

/** The part of [0, spread) that belongs to this host, queue and schedule, in whole seconds as names have them. */
export function spreadOffset(spread: Millis, place: readonly string[], hash: (text: string) => string): Millis {
  const seconds = Math.floor(spread / 1000)
  return seconds === 0 ? 0 : Number(BigInt(`0x${hash(place.join('\n')).slice(0, 16)}`) % BigInt(seconds)) * 1000
}

function base36(hex: string): string {
  return BigInt(`0x${hex.slice(0, 16)}`)
    .toString(36)
    .slice(0, 6)
    .padStart(6, '0')
}

/** The message of a fire: what the configuration says, and which instant it is for. */
export function fireMsg(spec: ScheduleSpec, at: Millis, missed: number): Msg {
  const scheduled = { name: spec.name, at: new Date(at).toISOString(), ...(missed === 0 ? {} : { missed }) }
  return { ...spec.msg, src: spec.msg.src ?? `schedule/${spec.name}`, scheduled }
}

/** undefined: it is none of ours. */
export function parseState(text: string): ScheduleState | undefined {
  const value = parseJson(text)
  if (!isRecord(value)) return undefined
  const { timing, until, dealt, fired, skipped } = value
  if (typeof timing !== 'string' || !isTime(until) || !Array.isArray(dealt) || !dealt.every(isTime)) return undefined
  return { timing, until, dealt: dealt.slice(-REMEMBERED), ...parseFired(fired), ...parseSkipped(skipped) }
}

export function formatState(state: ScheduleState): string {
  return `${JSON.stringify(state)}\n`
}

function isTime(value: unknown): value is Millis {
  // Beyond this no Date can say it.
  return typeof value === 'number' && Number.isFinite(value) && Math.abs(value) < 8.64e15
}

function parseFired(value: unknown): Pick<ScheduleState, 'fired'> {
  if (!isRecord(value) || !isTime(value['at']) || typeof value['name'] !== 'string') return {}
  const id = typeof value['id'] === 'string' ? parseItemId(value['id']) : undefined
  return id === undefined ? {} : { fired: { at: value['at'], id, name: value['name'] } }
}

function parseSkipped(value: unknown): Pick<ScheduleState, 'skipped'> {
  if (!isRecord(value) || !isTime(value['at']) || typeof value['count'] !== 'number') return {}
  const why = SKIPS.find((known) => known === value['why'])
  return why === undefined ? {} : { skipped: { at: value['at'], why, count: value['count'] } }
}
