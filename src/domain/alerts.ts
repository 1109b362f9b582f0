/**
 * When something is said about a queue, and when it was said already. Pure: what there is to see comes in, what is to be
 * said comes out, with what to remember of it.
 */
import type { State } from './item.ts'
import { isRecord } from './json.ts'
import type { Millis } from './name.ts'

/** What stands until somebody mends it: said once, again after `repeat`, and once when it is over. */
export const STANDING_RULES = ['down', 'oldest', 'idle', 'disk_below', 'files_older'] as const
export type StandingRule = (typeof STANDING_RULES)[number]

/** `failed`: at its first try. `gave_up`: after it had been tried again. */
export type FailureRule = 'failed' | 'gave_up'
export type Rule = FailureRule | StandingRule

/** What lies in these states may be too old. */
export type AgeingState = Exclude<State, 'done' | 'relayed'>

export type DiskLimit =
  | { readonly kind: 'bytes'; readonly bytes: number }
  | { readonly kind: 'percent'; readonly percent: number }

export interface AlertPolicy {
  /** `mailto:…`, `https://…`, `exec:…`; without any nothing is said. */
  readonly to: readonly string[]
  readonly failed: boolean
  readonly gaveUp: boolean
  readonly down: boolean
  /** Infinite: off. */
  readonly oldest: Millis
  readonly idle: Millis
  readonly diskBelow: DiskLimit | undefined
  readonly filesOlder: Readonly<Partial<Record<AgeingState, Millis>>>
  /** How often is looked, and the least time between two that tell of failures. */
  readonly every: Millis
  /** After so long what still stands is said again. */
  readonly repeat: Millis
  /** The queue whose items the alerts are. */
  readonly queue: string
  readonly smtp: string
  readonly smtpPasswordFile: string | undefined
  /** Of mails; undefined: `rqd@` and the host. */
  readonly from: string | undefined
}

/** Are there rules that no event tells of: time itself breaks them? */
export function mustLook({ oldest, idle, diskBelow, filesOlder }: AlertPolicy): boolean {
  return (
    Number.isFinite(oldest) || Number.isFinite(idle) || diskBelow !== undefined || Object.keys(filesOlder).length > 0
  )
}

/** An item that an alert is about. Texts are for people. */
export interface AlertItem {
  readonly id: string
  readonly state: State
  /** ISO 8601: when it came into that state. */
  readonly since: string
  readonly reason: string
  /** Where it lies now. */
  readonly path: string
  /** Names of the files in it. */
  readonly files: readonly string[]
  /** The command that runs it again, where that makes sense. */
  readonly retry?: string
}

/** What was seen: a problem, with some of the items that it is about. */
export interface Finding {
  readonly text: string
  readonly items: readonly AlertItem[]
  /** Of how many those are the first. */
  readonly count: number
}

export type News = 'new' | 'again' | 'recovered'

/** What is said: `news` of a problem that stands, or of failures, which are always new. */
export interface Say extends Finding {
  readonly rule: Rule
  readonly news: News
}

interface Standing {
  readonly since: Millis
  readonly said: Millis
  /** It was said that it is over. */
  readonly over: boolean
}

/** `_alerts.json`: what was said when. Whoever removes it hears some things twice. */
export interface Said {
  /** Failures up to then are said; ms. */
  readonly failuresUntil: Millis
  /** When some were. */
  readonly failuresSaid: Millis
  readonly standing: Readonly<Partial<Record<StandingRule, Standing>>>
  /** The last time that something was known to be done, or that this queue was first looked at. */
  readonly lastDone: Millis
}

/** `seen` has a rule that is asked for: what was found, or that all is well. One that could not be asked is left out. */
export type Seen = Readonly<Partial<Record<StandingRule, Finding | 'well'>>>

export function decideStanding(
  standing: Said['standing'],
  seen: Seen,
  policy: Pick<AlertPolicy, 'every' | 'repeat'>,
  now: Millis,
): { readonly say: readonly Say[]; readonly standing: Said['standing'] } {
  const say: Say[] = []
  const next: Partial<Record<StandingRule, Standing>> = {}
  for (const rule of STANDING_RULES) {
    const found = seen[rule]
    const before = standing[rule]
    if (found === undefined) {
      if (before !== undefined) next[rule] = before
      continue
    }
    const decided = found === 'well' ? ended(before, policy.repeat, now) : stands(before, policy, now)
    if (decided.standing !== undefined) next[rule] = decided.standing
    if (decided.news === undefined) continue
    const finding = found === 'well' ? { text: 'it is over', items: [], count: 0 } : found
    say.push({ rule, news: decided.news, ...finding })
  }
  return { say, standing: next }
}

interface Decided {
  readonly news: News | undefined
  readonly standing: Standing | undefined
}

function stands(before: Standing | undefined, policy: Pick<AlertPolicy, 'every' | 'repeat'>, now: Millis): Decided {
  if (before === undefined) return { news: 'new', standing: { since: now, said: now, over: false } }
  // What comes and goes is not said each time that it comes.
  if (before.over && isWithin(before.said, policy.every, now)) return { news: undefined, standing: before }
  if (before.over) return { news: 'new', standing: { since: now, said: now, over: false } }
  if (isWithin(before.said, policy.repeat, now)) return { news: undefined, standing: before }
  return { news: 'again', standing: { ...before, said: now } }
}

function ended(before: Standing | undefined, repeat: Millis, now: Millis): Decided {
  if (before === undefined) return { news: undefined, standing: undefined }
  if (!before.over) return { news: 'recovered', standing: { ...before, over: true } }
  return { news: undefined, standing: isWithin(before.said, repeat, now) ? before : undefined }
}

/** A clock that was set back must not silence anything for long. */
function isWithin(since: Millis, span: Millis, now: Millis): boolean {
  return now >= since && now - since < span
}

/** Which failures are told of now: those after `from` up to `until`; undefined while the last word is too young. */
export function failureWindow(
  said: Said,
  every: Millis,
  now: Millis,
): { readonly from: Millis; readonly until: Millis } | undefined {
  if (isWithin(said.failuresSaid, every, now)) return undefined
  return { from: Math.min(said.failuresUntil, now), until: now }
}

/** Nothing was ever said: what failed in the last `every` is news. */
export function nothingSaid(every: Millis, now: Millis): Said {
  return { failuresUntil: now - every, failuresSaid: 0, standing: {}, lastDone: now }
}

/** As it was written, as far as it can be read. */
export function parseSaid(value: unknown, every: Millis, now: Millis): Said {
  const fresh = nothingSaid(every, now)
  if (!isRecord(value)) return fresh
  const { failuresUntil, failuresSaid, lastDone, standing } = value
  const entries = isRecord(standing) ? standing : {}
  return {
    failuresUntil: typeof failuresUntil === 'number' ? failuresUntil : fresh.failuresUntil,
    failuresSaid: typeof failuresSaid === 'number' ? failuresSaid : 0,
    lastDone: typeof lastDone === 'number' ? Math.min(lastDone, now) : now,
    standing: Object.fromEntries(
      STANDING_RULES.flatMap((rule) => {
        const found = standingOf(entries[rule])
        return found === undefined ? [] : [[rule, found] as const]
      }),
    ),
  }
}

function standingOf(value: unknown): Standing | undefined {
  if (!isRecord(value)) return undefined
  const { since, said, over } = value
  if (typeof since !== 'number' || typeof said !== 'number') return undefined
  return { since, said, over: over === true }
}
