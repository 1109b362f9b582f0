/** The keys of what comes by itself, and of what comes only once: `schedules` and `unique`. */
import * as v from 'valibot'
import { isTag } from '../domain/name.ts'
import { CATCH_UPS, OVERLAPS, SCHEDULE_NAME, type ScheduleSpec } from '../domain/schedules.ts'
import { cronProblem, type Timing, zoneProblem } from '../domain/timing.ts'
import { count, described, duration, flag, word } from './forms.ts'

/** More often nobody wants an item of its own. */
const SHORTEST_EVERY = 1000

const tag = v.pipe(
  v.string('must be a text'),
  v.regex(/^[A-Za-z0-9_.:@-]{1,64}$/, 'must be letters, digits and _ . : @ - (at most 64)'),
)
const text = v.string('must be a text')

const entry = v.strictObject(
  {
    cron: described(word, 'When: 5 fields (minute hour day month weekday), or 6 with the second first.'),
    tz: described(word, 'The time zone of `cron`, as in "Europe/Berlin". Default: that of the daemon.'),
    every: described(duration, 'When: on a fixed grid from 1970 on, which a restart does not move. 1s or more.'),
    offset: described(duration, 'Moves the grid of `every` by so much. Default: 0.'),
    by_hand: described(flag, 'Only by `rq schedule run`.'),
    description: described(text, 'For people.'),
    dest: described(text, '`dest` of the message.'),
    src: described(text, '`src` of the message. Default: schedule/NAME.'),
    param1: described(text, '`param1` of the message.'),
    param2: described(text, '`param2` of the message.'),
    param3: described(text, '`param3` of the message.'),
    param4: described(text, '`param4` of the message.'),
    params: described(v.record(v.string(), v.unknown(), 'must be an object'), 'Free parameters of the message.'),
    priority: described(count(0, 9), '0 runs first, 9 last. Default: 5.'),
    tags: described(v.array(tag, 'must be a list of words'), 'Tags of the item.'),
    catch_up: described(
      v.picklist(CATCH_UPS, 'must be "none", "once" or "all"'),
      'What becomes of instants that were missed by a minute or more: nothing, one item for all, an item for each (of the last 100). Default: once.',
    ),
    overlap: described(
      v.picklist(OVERLAPS, 'must be "skip", "queue" or "replace"'),
      'While the item of the last fire waits or runs: fire nothing, fire all the same, or remove it (cancel it, if it runs) for the new one. Default: skip.',
    ),
    spread: described(duration, 'Each host and queue starts its item at an offset of its own within this. Default: 0.'),
  },
  'must be an object with one of cron, every and by_hand',
)

type Entry = v.InferOutput<typeof entry>
type Complaint = (key: string, message: string) => void

const schedule = v.pipe(
  entry,
  v.rawTransform(({ dataset, addIssue, NEVER }) => {
    let isWrong = false
    const complain: Complaint = (key, message) => {
      isWrong = true
      const value = dataset.value[key as keyof Entry]
      const input = dataset.value
      addIssue({ message, input: value, path: [{ type: 'object', origin: 'value', input, key, value }] })
    }
    const timing = timingOf(dataset.value, complain)
    return isWrong || timing === undefined ? NEVER : { ...dataset.value, timing }
  }),
)

function timingOf(given: Entry, complain: Complaint): Timing | undefined {
  const { cron, every, offset = 0, tz } = given
  if ([cron !== undefined, every !== undefined, given.by_hand === true].filter(Boolean).length !== 1) {
    const twice = cron !== undefined && every !== undefined ? 'every' : 'cron'
    complain(
      cron === undefined && every !== undefined ? 'every' : twice,
      'exactly one of cron, every and by_hand is needed',
    )
    return undefined
  }
  if (tz !== undefined && cron === undefined) complain('tz', 'is for cron')
  if (given.offset !== undefined && every === undefined) complain('offset', 'is for every')
  if (cron !== undefined) {
    const wrong = cronProblem(cron)
    if (wrong !== undefined) complain('cron', wrong)
    const wrongZone = tz === undefined ? undefined : zoneProblem(tz)
    if (wrongZone !== undefined) complain('tz', wrongZone)
    return { kind: 'cron', expression: cron, zone: tz }
  }
  if (every === undefined) return { kind: 'by-hand' }
  if (every < SHORTEST_EVERY) complain('every', 'must be 1s or more')
  if (offset >= every) complain('offset', 'must be shorter than `every`')
  return { kind: 'every', every, offset }
}

export const scheduleKeys = {
  schedules: described(
    v.record(
      v.pipe(v.string(), v.regex(SCHEDULE_NAME, 'is no name for a schedule: letters, digits and _ . - (at most 64)')),
      schedule,
      'must be an object: name -> schedule',
    ),
    'Items that come by themselves: name -> when and what (docs/SCHEDULES.md). A queue replaces one of the root by one of the same name.',
  ),
  unique: described(
    v.strictObject(
      { for: described(duration, 'So long an item with a key keeps others of the same key out.') },
      'must be an object with `for`',
    ),
    'For `rq inject --key`: a second item of one key is not published (docs/SCHEDULES.md). Default: off.',
  ),
} as const

type Schedules = v.InferOutput<(typeof scheduleKeys)['schedules']>

/** From what was checked to what the domain knows. */
export function readSchedules(schedules: Schedules): readonly ScheduleSpec[] {
  return Object.entries(schedules ?? {}).map(([name, given]) => {
    const { dest, src, param1, param2, param3, param4, params } = given
    const said = Object.entries({ dest, src, param1, param2, param3, param4, params })
    return {
      name,
      timing: given.timing,
      description: given.description,
      catchUp: given.catch_up ?? 'once',
      overlap: given.overlap ?? 'skip',
      spread: given.spread ?? 0,
      priority: given.priority,
      tags: [...new Set(given.tags?.filter(isTag))],
      msg: Object.fromEntries(said.filter(([, value]) => value !== undefined)),
    }
  })
}
