// The pure part of a pick: 100,000 names (or --pending) put into a schedule and all taken out again, with each policy and without.
import { now } from '../lib/clock.mjs'
import { loadDomain } from '../lib/domain.mjs'
import { ratioRow } from '../lib/rows.mjs'
import { inTurns } from '../lib/turns.mjs'

const IN_FLIGHT = 8
// As in worker/intake.ts.
const LOW_WATER = 2000
const KEYS = 1000
const BEGIN_MS = Date.UTC(2026, 0, 1)

const NONE = { classes: [{ tags: ['*'], not: [], n: IN_FLIGHT }], weights: {}, concurrency: {}, rates: {}, order: [] }
const CLASSES = [
  { tags: ['gpu'], not: [], n: 2 },
  { tags: ['*'], not: [], n: IN_FLIGHT - 2 },
]
// The clock of the simulation goes on by 1 ms an item: no rate is ever reached.
const OFTEN = { count: 10_000, per: 1000 }

const PARTS = {
  classes: { classes: CLASSES },
  weights: { weights: { big: 2 } },
  rate: { rate: OFTEN },
  rates: { rates: { user: OFTEN } },
  concurrency: { concurrency: { user: 1 } },
  order: { order: ['user'] },
}

const POLICIES = {
  none: {},
  aging: { aging: 600_000 },
  ...Object.fromEntries(Object.entries(PARTS).map(([name, part]) => [name, { flow: { ...NONE, ...part } }])),
  all: { aging: 600_000, flow: Object.assign({}, NONE, ...Object.values(PARTS)) },
}

const WORDS = {
  aging: 'aging',
  classes: 'two classes of slots',
  weights: 'weights, one in 50 is heavy',
  rate: 'a rate that is never reached',
  rates: `rates of ${KEYS} keys, never reached`,
  concurrency: `one at a time of ${KEYS} keys`,
  order: `strict order of ${KEYS} keys`,
  all: 'all of them',
}

export async function measure(ctx) {
  const domain = await loadDomain(ctx)
  const entries = makeEntries(domain, ctx.pending)
  const contestants = Object.fromEntries(
    Object.entries(POLICIES).map(([name, policy]) => [name, () => microsEach(domain, entries, policy)]),
  )
  // Once for each before it counts: Node compiles meanwhile.
  for (const contestant of Object.values(contestants)) contestant()
  const { none, ...rest } = await inTurns(ctx.rounds, contestants)
  return Object.entries(rest).map(([name, ours]) =>
    ratioRow({
      work: `pick, ${ctx.pending.toLocaleString('en-US')} pending: ${WORDS[name]}`,
      beside: 'no policy',
      ours,
      theirs: none,
      unit: 'µs',
      better: 'less',
    }),
  )
}

/** All with a key, a tenth for the narrow class, a few heavy ones, all priorities. */
function makeEntries({ entryOf }, length) {
  return Array.from({ length }, (_, i) => {
    const stamp = new Date(BEGIN_MS + Math.floor(i / 100)).toISOString().replace(/[-:Z]/g, '')
    const tags = [`,+user:${(i * 7919) % KEYS}`, i % 10 === 0 ? ',+gpu' : '', i % 50 === 0 ? ',+big' : '']
    return entryOf(`${stamp}${String(i % 1000).padStart(3, '0')}-${key(i)},p${(i * 31) % 10}${tags.join('')}`, BEGIN_MS)
  })
}

function key(i) {
  return i.toString(36).padStart(6, '0')
}

/** Microseconds for each item, from its name being seen to its end. Eight run at a time; the oldest ends first. */
function microsEach({ Schedule, FlowState, lineOf }, entries, { aging, flow }) {
  const state = flow === undefined ? undefined : new FlowState(flow)
  const gates = state && {
    shut: (entry, at) => state.gate(entry.raw, entry.tags, at),
    lineOf: (entry) => (flow.order.length === 0 ? undefined : lineOf(flow, entry.tags)),
    reserving: () => state.reserving(),
    forget: (raw) => state.forget(raw),
  }
  const start = now()
  const schedule = new Schedule({ aging, gates })
  const waiting = new Set(entries)
  const running = []
  let clock = BEGIN_MS + 3_600_000
  scan()
  for (let ended = 0; ended < entries.length; ) {
    const entry = running.length < IN_FLIGHT ? take() : undefined
    if (entry !== undefined) {
      clock += 1
      waiting.delete(entry)
      running.push(entry)
      begin(entry)
    } else {
      if (running.length === 0) throw new Error(`${ended} of ${entries.length} items were picked`)
      end(running.shift())
      ended += 1
    }
  }
  return (now() - start) / 1000 / entries.length

  /** As worker/intake.ts does: what was left out is looked for before and after. */
  function take() {
    if (schedule.needsScan(clock, LOW_WATER)) scan()
    const entry = schedule.take(clock)
    if (entry !== undefined || !schedule.needsScan(clock, LOW_WATER)) return entry
    scan()
    return schedule.take(clock)
  }

  /** All names that still wait, without the directory that holds them. */
  function scan() {
    schedule.beginScan()
    for (const entry of waiting) schedule.add(entry, clock)
    schedule.endScan(clock)
  }

  function begin({ id, tags }) {
    if (state === undefined) return
    state.begin(id, tags, clock, true)
    const line = lineOf(flow, tags)
    if (line !== undefined) schedule.hold(id, line)
  }

  function end({ id }) {
    if (state === undefined) return
    schedule.opened(state.end(id))
    schedule.release(id, clock)
  }
}
