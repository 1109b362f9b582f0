import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { makeAlert, parseAlert } from '../../src/domain/alert-text.ts'
import {
  type AlertItem,
  decideStanding,
  failureWindow,
  nothingSaid,
  parseSaid,
  type Said,
  type Say,
  type Seen,
} from '../../src/domain/alerts.ts'

const MINUTE = 60_000
const POLICY = { every: 15 * MINUTE, repeat: 24 * 60 * MINUTE }
const T = 1_800_000_000_000
const down: Seen = { down: { text: 'broken', items: [], count: 0 } }
const well: Seen = { down: 'well' }

/** What is said at each of these moments (minutes after T), by one memory. */
function course(...moments: readonly (readonly [minute: number, seen: Seen])[]): (string | undefined)[] {
  let standing: Said['standing'] = {}
  return moments.map(([minute, seen]) => {
    const decided = decideStanding(standing, seen, POLICY, T + minute * MINUTE)
    standing = decided.standing
    return decided.say[0]?.news
  })
}

describe('a problem that stands', () => {
  it('is said once, again after a day, and its end once', () => {
    expect(course([0, down], [15, down], [1430, down], [1440, down], [1455, down], [1470, well], [1485, well])).toEqual([
      'new', undefined, undefined, 'again', undefined, 'recovered', undefined,
    ]) // biome-ignore format: a course
  })
  it('is not said each time that it comes, when it comes and goes', () => {
    expect(course([0, down], [1, well], [2, down], [3, well], [4, down], [16, down])).toEqual([
      'new', 'recovered', undefined, undefined, undefined, 'new',
    ]) // biome-ignore format: a course
  })
  it('is not over only because it could not be looked at', () => {
    expect(course([0, down], [15, {}], [30, down], [45, well])).toEqual(['new', undefined, undefined, 'recovered'])
  })
  it('is said though the clock was set back', () => {
    expect(course([0, down], [-60, down])).toEqual(['new', 'again'])
  })
  it('that never was has no end', () => {
    expect(course([0, well], [15, well])).toEqual([undefined, undefined])
  })
  it('is said at most twice in the time between two looks, whatever it does', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.integer({ min: 1, max: 5 }), fc.boolean()), { maxLength: 60 }), (steps) => {
        let minute = 0
        const moments = steps.map(([wait, isDown]) => {
          minute += wait
          return [minute, isDown ? down : well] as const
        })
        const news = course(...moments).map((said, at) => ({ said, minute: moments[at]?.[0] ?? 0 }))
        for (const { minute: start } of news) {
          const within = news.filter((one) => one.said === 'new' && one.minute >= start && one.minute < start + 15)
          expect(within.length).toBeLessThanOrEqual(1)
        }
      }),
    )
  })
})

describe('failures', () => {
  it('are told at once, then not before the time between two words is over, and none is left out', () => {
    const every = 15 * MINUTE
    let said = { ...nothingSaid(every, T), failuresUntil: T }
    const windows: { from: number; until: number }[] = []
    for (const minute of [1, 2, 10, 15, 16, 40]) {
      const now = T + minute * MINUTE
      const window = failureWindow(said, every, now)
      if (window === undefined) continue
      windows.push(window)
      said = { ...said, failuresUntil: window.until, failuresSaid: now }
    }
    expect(windows).toEqual([
      { from: T, until: T + MINUTE },
      { from: T + MINUTE, until: T + 16 * MINUTE },
      { from: T + 16 * MINUTE, until: T + 40 * MINUTE },
    ])
  })
  it('are told though the clock was set back', () => {
    const said = { ...nothingSaid(1000, T), failuresUntil: T, failuresSaid: T }
    expect(failureWindow(said, 1000, T - 5000)).toEqual({ from: T - 5000, until: T - 5000 })
  })
})

it('what was remembered is read again, and nonsense is not', () => {
  const said: Said = {
    failuresUntil: T,
    failuresSaid: T - 1,
    lastDone: T - 2,
    standing: { down: { since: 1, said: 2, over: true } },
  }
  expect(parseSaid(JSON.parse(JSON.stringify(said)), 1000, T)).toEqual(said)
  for (const value of [undefined, null, 7, [], 'x', { standing: { down: 7, other: {} } }])
    expect(parseSaid(value, 1000, T)).toEqual(nothingSaid(1000, T))
})

describe('an alert in words', () => {
  const item: AlertItem = {
    id: '20261122T101500.123456-x7f2k9-report.csv',
    state: '_err',
    since: '2026-11-22T10:15:00.000Z',
    reason: 'no such customer',
    path: '/spool/queue/mail/_err/20261122T101500.123456-x7f2k9-report.csv',
    files: ['report.csv'],
    retry: 'rq --root /spool retry mail/20261122T101500.123456-x7f2k9-report.csv',
  }
  const failed: Say = { rule: 'failed', news: 'new', text: 'An item failed.', items: [item], count: 1 }

  it('names queue, item, file, reason, where it is now, and how it runs again', () => {
    const { subject, body } = makeAlert(failed, 'mail', 'host', T)
    expect(subject).toBe(`[rqd] mail: ${item.id} failed: no such customer`)
    for (const text of ['mail on host', item.id, '_err', 'report.csv', 'no such customer', item.path, item.retry])
      expect(body).toContain(text)
  })
  it('counts those that it does not name', () => {
    const { subject, body } = makeAlert({ ...failed, text: '7 items failed.', count: 7 }, 'mail', 'host', T)
    expect([subject, body]).toEqual(['[rqd] mail: 7 items failed', expect.stringContaining('and 6 more')])
  })
  it('has a subject of one line, however hostile a reason or a name', () => {
    const hostile = { ...item, reason: `a\r\nBcc: all@example.org\n${'x'.repeat(500)}` }
    const { subject } = makeAlert({ ...failed, items: [hostile] }, 'ma\u2028il', 'host', T)
    expect(subject).not.toMatch(/[\r\n\u2028]/)
    expect(subject.length).toBeLessThanOrEqual(150)
  })
  it('says that it is over, and that it still stands', () => {
    const standing: Say = { rule: 'down', news: 'again', text: 'broken', items: [], count: 0 }
    expect(makeAlert(standing, 'mail', 'host', T).subject).toBe('[rqd] mail: down (still): broken')
    expect(makeAlert({ ...standing, news: 'recovered' }, 'mail', 'host', T).subject).toBe('[rqd] mail: down: over')
  })
  it('is read again by who sends it, if it is one', () => {
    const alert = makeAlert(failed, 'mail', 'host', T)
    expect(parseAlert(JSON.parse(JSON.stringify(alert)))).toEqual(alert)
    for (const value of [undefined, 'x', {}, { ...alert, subject: 7 }]) expect(parseAlert(value)).toBeUndefined()
  })
})
