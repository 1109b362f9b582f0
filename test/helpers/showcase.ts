/** A root that looks like somebody's: several queues, a week of history, items in every state. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { addDuration } from '../../src/domain/histogram.ts'
import { DAY, emptyTally, encodeRecord, HOUR, MINUTE, type Tally } from '../../src/domain/stats.ts'
import { makeQueue } from './daemon.ts'
import { until } from './until.ts'
import type { Web } from './web.ts'

const WORK = `#!/bin/sh
printf '\\033[1mscaling\\033[0m to %s pixels\\n' "$RQ_PARAM1"
printf 'read \\033[32mok\\033[0m\\nwritten \\033[32mok\\033[0m\\n'
echo "done in three sizes" >&3
`
const SLOW = `#!/bin/sh
i=0
while [ $i -lt 600 ]; do
  i=$((i+1)); printf '\\033[36m%s\\033[0m row %d of 600\\n' "$(date +%T)" $i
  echo "run $((i/6))% row $i of 600" >&3
  sleep 1
done
`
const FAILING = `#!/bin/sh
echo "connecting to $RQ_PARAM1" >&2
case "$RQ_PARAM1" in
  eu*) printf '\\033[31mtimeout after %ss\\033[0m\\n' "$RQ_PARAM2" >&2; echo "fail timeout after \${RQ_PARAM2}s" >&3; exit 1 ;;
  *) echo "fail 550 no such user <$RQ_PARAM1>" >&3; exit 65 ;;
esac
`

/** What is under way is left running: stop the daemon afterwards. */
export function makeShowcase(root: string): void {
  makeQueue(root, 'scale', WORK, { slots: 2, relay_to: 'archive' })
  makeQueue(root, 'export', SLOW, { slots: 2, timeout: '1h', memory: '512M' })
  makeQueue(root, 'mail', FAILING, { slots: 2, relay_to: 'mail-slow' })
  makeQueue(root, 'mail-slow', WORK, { slots: 1, rate: '10/min' })
  makeQueue(root, 'archive', WORK, { retry: { limit: 3, base: '1m' } })
  makeQueue(root, 'report', WORK, {
    schedules: {
      nightly: { cron: '0 2 * * *', tz: 'Europe/Berlin', params: { kind: 'full' } },
      weekly: { cron: '30 6 * * 1', param1: 'summary' },
      rebuild: { by_hand: true, param1: 'everything' },
    },
  })
  writeFileSync(join(root, 'queue/archive/_paused'), '')
  for (const [queue, perMinute, ms] of [
    ['scale', 40, 900],
    ['export', 2, 45_000],
    ['mail', 25, 350],
    ['mail-slow', 8, 1_200],
    ['report', 1, 8_000],
  ] as const)
    writeHistory(root, queue, perMinute, ms)
}

/** The same every time: seven days by the minute, more by day than by night. */
function writeHistory(root: string, queue: string, perMinute: number, ms: number): void {
  const random = lottery(queue.length * 7919 + perMinute)
  const dir = join(root, 'queue', queue, '_stats')
  mkdirSync(dir, { recursive: true })
  const now = Math.floor(Date.now() / MINUTE) * MINUTE
  const days = new Map<string, string[]>()
  for (let from = now - 7 * DAY + HOUR; from < now; from += MINUTE) {
    const day = new Date(from).toISOString().slice(0, 10).replaceAll('-', '')
    const lines = days.get(day) ?? []
    days.set(day, lines)
    lines.push(encodeRecord(minuteOf(from, perMinute, ms, random)))
  }
  for (const [day, lines] of days) writeFileSync(join(dir, `${day}.jsonl`), `${lines.join('\n')}\n`)
}

function minuteOf(from: number, perMinute: number, ms: number, random: () => number): Tally {
  const tally = emptyTally(from)
  const busy = 0.35 + 0.65 * Math.max(0, Math.sin(((from % DAY) / DAY) * 2 * Math.PI - 1.2))
  const done = Math.round(perMinute * busy * (0.7 + random() * 0.6))
  const failed = random() < 0.12 ? 1 + Math.floor(random() * perMinute * 0.1) : 0
  Object.assign(tally.counts, { enqueued: done + failed, started: done + failed, done, failed })
  Object.assign(tally.peaks, {
    waiting: Math.round(done * random() * 2),
    oldest: Math.round(random() * 40_000),
    running: 2,
  })
  for (let n = 0; n < Math.min(12, done); n += 1) {
    addDuration(tally.wait, 20 + random() ** 4 * 30_000)
    addDuration(tally.run, ms * (0.5 + random() ** 3 * 4))
  }
  tally.until = from + MINUTE - 1
  return tally
}

/** mulberry32: a row of numbers that is the same every time. */
function lottery(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

export interface Shown {
  /** Of one item in each state that is worth a look. */
  readonly running: string
  readonly failed: string
  readonly done: string
  readonly waiting: string
}

/** Enqueues, and waits until all of it is where it belongs. */
export async function fillShowcase(web: Web): Promise<Shown> {
  const enqueue = async (queue: string, body: object) => {
    const response = await web.send('POST', `/queues/${queue}/items`, body)
    const { value } = (await response.json()) as { value: { ids: string[] } }
    return value.ids[0] ?? ''
  }
  const done = await enqueue('scale', { param1: '800', params: { user: 'ada', album: 12 }, tag: ['eu', 'vip'] })
  for (let n = 0; n < 12; n += 1) await enqueue('scale', { param1: String(200 + n * 100), tag: [n % 2 ? 'eu' : 'us'] })
  const running = await enqueue('export', { params: { table: 'orders', rows: 1_250_000 }, tag: ['nightly'] })
  for (let n = 0; n < 5; n += 1) await enqueue('export', { params: { table: `part_${n}` }, priority: n % 3 ? 5 : 2 })
  const failed = await enqueue('mail', { param1: 'eu-1.example.org', param2: '31', params: { customer: 'acme' } })
  for (let n = 0; n < 7; n += 1)
    await enqueue(
      'mail',
      n % 3 ? { param1: `eu-${n}.example.org`, param2: String(30 + n) } : { param1: `user${n}@example.org` },
    )
  for (let n = 0; n < 4; n += 1) await enqueue('report', { param1: `2026-1${n}`, in: `${n + 1}h`, tag: ['monthly'] })
  const waiting = await enqueue('archive', { param1: 'box 7', priority: 3 })
  for (let n = 0; n < 8; n += 1) await enqueue('archive', { param1: `box ${n}` })
  const count = async (query: string) =>
    ((await web.get(`/items?limit=100&query=${encodeURIComponent(query)}`)) as { items: unknown[] }).items.length
  await until(async () => (await count('failed')) === 8, 20_000, 'the failures')
  await until(async () => (await count('queue=scale done')) === 13, 20_000, 'the others are done')
  await until(async () => (await count('queue=export running')) === 2, 20_000, 'what takes long has begun')
  return { running, failed, done, waiting }
}
