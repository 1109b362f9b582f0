/** Alerts: real workers, a real mail server that is up, down, slow and unwilling, a real web server, a real command. */
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { makeQueue, startDaemon, tempRoot } from '../helpers/daemon.ts'
import { openHook, openMailbox } from '../helpers/mailbox.ts'
import { rq } from '../helpers/rq.ts'
import { until } from '../helpers/until.ts'
import { openQueue, startWorker, type TestQueue, testQueue } from '../helpers/worker.ts'

const FAILS = '#!/bin/sh\necho "fail no such customer" >&3\nexit 1\n'

interface Alerting {
  readonly root: string
  readonly queue: TestQueue
  readonly alerts: () => TestQueue
}

function alerting(alerts: object, handler = FAILS, config: object = {}): Alerting {
  const queue = testQueue(handler, { alerts: { from: 'rqd@example.org', ...alerts }, ...config }, 'mail')
  const root = join(queue.path, '../..')
  return { root, queue, alerts: () => openQueue(join(root, 'queue/alerts')) }
}

const OPS = 'mailto:ops@example.org'

async function send(root: string): Promise<{ rule: string; news: string; text: string; items: { id: string }[] }[]> {
  const said = await rq(root, ['alerts', 'mail', '--send', '--json'])
  expect(said).toMatchObject({ code: 0, stderr: '' })
  return JSON.parse(said.stdout).alerts
}

/** Each has a root, a daemon and a mail server of its own, and waits for what is sent later. */
const SIDE_BY_SIDE = { concurrent: true } as const

describe('a mail about an item that failed', SIDE_BY_SIDE, () => {
  test('arrives once, and names queue, file, reason, where it is now, and how it is run again', async () => {
    const box = await openMailbox()
    const { root, queue } = alerting({ to: [OPS, `${OPS},boss@example.org`], smtp: box.url })
    const daemon = await startDaemon(root)
    const id = queue.drop('some data')
    expect(await queue.settled(id)).toBe('_err')
    await until(() => box.received.length === 2, 20_000)
    expect(box.received.map(({ to }) => to).toSorted()).toEqual([
      ['ops@example.org'],
      ['ops@example.org', 'boss@example.org'],
    ])
    const { mail, from } = box.received[0] ?? {}
    expect([from, mail?.subject]).toEqual(['rqd@example.org', `[rqd] mail: ${id} failed: no such customer`])
    const retry = `rq --root ${root} retry mail/${id}`
    for (const text of [id, 'no such customer', queue.dirOf(id), retry]) expect(mail?.text).toContain(text)
    // The command works as it stands there.
    expect((await rq(root, retry.split(' ').slice(3))).code).toBe(0)
    const events = await until(() => queue.events('alerted').length > 0 && queue.events('alerted'))
    expect(events).toMatchObject([{ rules: ['failed'], sent: 2 }])
    await daemon.stop()
  })

  test('is one for all that fail after the first, until the time between two words is over', async () => {
    const box = await openMailbox()
    const { root, queue } = alerting({ to: [OPS], smtp: box.url, every: '3s' })
    const daemon = await startDaemon(root)
    const first = queue.drop()
    await until(() => box.received.length === 1, 20_000)
    const more = Array.from({ length: 60 }, () => queue.drop())
    await until(() => box.received.length === 2, 20_000)
    const [one, many] = box.received.map(({ mail }) => `${mail.subject}\n${mail.text}`)
    expect(one).toContain(first)
    expect(many).toContain('60 items failed')
    expect(many).toContain('and 10 more')
    expect(many).not.toContain(first)
    expect(more.filter((id) => many?.includes(id) === true)).toHaveLength(50)
    await daemon.stop()
  })

  test('waits for a mail server that is down, and harms neither the item nor the queue', async () => {
    const gone = await openMailbox()
    await gone.close()
    const { root, queue, alerts } = alerting({ to: [OPS], smtp: gone.url })
    const daemon = await startDaemon(root)
    const id = queue.drop()
    expect(await queue.settled(id)).toBe('_err')
    await until(
      () =>
        existsSync(alerts().path) &&
        alerts()
          .names('que')
          .some((name) => name.includes(',t')),
      20_000,
    )
    expect(queue.attempts(id)).toMatchObject([{ verdict: 'fail', text: 'no such customer' }])
    const box = await openMailbox({ port: gone.port })
    await until(() => box.received.length > 0, 40_000)
    await until(() => alerts().names('done').length === 1)
    expect(box.received).toHaveLength(1)
    await daemon.stop()
  }, 90_000)

  test('waits for one that is slow, and nobody else does', async () => {
    const box = await openMailbox({ delayMs: 2500 })
    const { root, queue } = alerting({ to: [OPS], smtp: box.url }, '#!/bin/sh\n[ "$RQ_PARAM1" = good ]\n')
    const daemon = await startDaemon(root)
    const bad = queue.send({})
    expect(await queue.settled(bad)).toBe('_err')
    await until(() => box.connections === 1, 20_000)
    expect(await queue.settled(queue.send({ param1: 'good' }))).toBe('done')
    expect(box.received).toEqual([])
    await until(() => box.received.length === 1, 20_000)
    expect(box.connections).toBe(1)
    await daemon.stop()
  })

  test('is tried again after a "not now", and set aside after a "never"', async () => {
    const codes = [451, undefined, 550]
    const box = await openMailbox({ refuse: () => codes.shift() })
    const { root, queue, alerts } = alerting({ to: [OPS], smtp: box.url, every: '1s' })
    const daemon = await startDaemon(root)
    queue.drop()
    await until(() => box.received.length === 1, 30_000)
    queue.drop()
    await until(() => alerts().names('_err').length === 1, 30_000)
    const [name = ''] = alerts().names('_err')
    expect(alerts().attempts(name).at(-1)).toMatchObject({
      verdict: 'fail',
      text: expect.stringContaining('refused here'),
    })
    expect(box.received).toHaveLength(1)
    await daemon.stop()
  }, 90_000)

  test('needs a password that nobody gets to see', async () => {
    const box = await openMailbox({ login: { user: 'me', pass: 'S3cret/Wort' } })
    const { root, queue, alerts } = alerting({
      to: [OPS],
      smtp: box.url.replace('//', '//me@'),
      smtp_password_file: 'password',
    })
    writeFileSync(join(queue.path, 'password'), 'wrong\n')
    const daemon = await startDaemon(root)
    queue.drop()
    const name = await until(
      () =>
        existsSync(alerts().path) &&
        alerts()
          .names('que')
          .find((one) => one.includes(',t')),
      20_000,
    )
    const id = name.split(/[,.]msg|,/)[0] ?? ''
    writeFileSync(join(queue.path, 'password'), 'S3cret/Wort\n')
    await until(() => box.received.length === 1, 40_000)
    const [done = ''] = await until(() => alerts().names('done').length > 0 && alerts().names('done'))
    expect(id).not.toBe('')
    const seen = `${readFileSync(join(alerts().dirOf(done), 'msg'), 'utf8')}${alerts().log(done)}`
    expect(seen).not.toMatch(/S3cret|wrong/)
    await daemon.stop()
  }, 90_000)

  test('says that it gave up after other tries, and nothing of an item that is muted', async () => {
    const retry = { retry: { limit: 1, base: 0 } }
    const { root, queue } = alerting({}, FAILS, retry)
    const worker = await startWorker(queue.path)
    const ids = [queue.send({ mute: true }), queue.send({})]
    for (const id of ids) expect(await queue.settled(id)).toBe('_err')
    await worker.stop()
    writeFileSync(join(queue.path, 'config.json'), JSON.stringify({ ...retry, alerts: { to: [OPS] } }))
    expect(await send(root)).toMatchObject([{ rule: 'gave_up', items: [{ id: ids[1] }], count: 1 }])
  })
})

/** What lies in the alerts queue, which no worker runs. */
function sentAlerts(root: string): Record<string, unknown>[] {
  const que = join(root, 'queue/alerts/que')
  return openQueue(join(root, 'queue/alerts'))
    .names('que')
    .map((name) => JSON.parse(readFileSync(join(que, name), 'utf8')).alert)
}

describe('a webhook', SIDE_BY_SIDE, () => {
  test('gets JSON, with a key that is the same at each try', async () => {
    const hook = await openHook(503, 200)
    const { root, queue } = alerting({ to: [hook.url] })
    const daemon = await startDaemon(root)
    const id = queue.drop()
    await until(() => hook.posted.length === 2, 30_000)
    const [first, second] = hook.posted
    expect(second?.body).toMatchObject({ queue: 'mail', rule: 'failed', items: [{ id, reason: 'no such customer' }] })
    expect(first?.headers['idempotency-key']).toBe(second?.headers['idempotency-key'])
    expect(first?.headers['content-type']).toBe('application/json')
    await daemon.stop()
  }, 60_000)

  test('is not sent on to where it redirects', async () => {
    const elsewhere = await openHook(200)
    const hook = await openHook(elsewhere.url)
    const { root, queue, alerts } = alerting({ to: [hook.url] })
    const daemon = await startDaemon(root)
    queue.drop()
    await until(() => existsSync(alerts().path) && alerts().names('_err').length === 1, 20_000)
    expect([hook.posted.length, elsewhere.posted.length]).toEqual([1, 0])
    await daemon.stop()
  })
})

describe('a command', () => {
  test('gets the alert on its stdin, and its words without a shell', async () => {
    const { root, queue } = alerting({ to: ['exec:./notify $(id) urgent'] })
    writeFileSync(join(queue.path, 'notify'), '#!/bin/sh\necho "$@" > args.new; cat > alert.json; mv args.new args\n')
    chmodSync(join(queue.path, 'notify'), 0o755)
    const daemon = await startDaemon(root)
    const id = queue.drop()
    await until(() => existsSync(join(queue.path, 'args')), 20_000)
    expect(readFileSync(join(queue.path, 'args'), 'utf8')).toBe('$(id) urgent\n')
    expect(JSON.parse(readFileSync(join(queue.path, 'alert.json'), 'utf8'))).toMatchObject({
      queue: 'mail',
      items: [{ id }],
    })
    await daemon.stop()
  })

  test('that nobody configured is not run, whoever puts it into the queue', async () => {
    const { root, queue, alerts } = alerting({ to: ['exec:./notify'] })
    queue.drop()
    const worker = await startWorker(queue.path)
    await until(() => existsSync(alerts().path) && alerts().names('que').length === 1, 20_000)
    await worker.stop()
    const [name = ''] = alerts().names('que')
    const msg = JSON.parse(readFileSync(join(alerts().path, 'que', name), 'utf8'))
    writeFileSync(join(alerts().path, 'que', name), JSON.stringify({ ...msg, alert_to: `exec:touch ${root}/harm` }))
    const sender = await startWorker(alerts().path)
    expect(await alerts().settled(name.replace('.msg', ''))).toBe('_err')
    expect(existsSync(join(root, 'harm'))).toBe(false)
    await sender.stop()
  })
})

describe('what stands', SIDE_BY_SIDE, () => {
  test('is said once by the worker, and once that it is over: a broken handler', async () => {
    const { root, queue } = alerting({ to: [OPS], on: { failed: false }, every: '1s' }, '#!/bin/sh\nexit 78\n')
    const worker = await startWorker(queue.path)
    queue.drop()
    await until(() => sentAlertsIfAny(root).length === 1, 20_000)
    writeFileSync(join(queue.path, 'handler.new'), '#!/bin/sh\nexit 0\n', { mode: 0o755 })
    renameSync(join(queue.path, 'handler.new'), join(queue.path, 'handler'))
    await until(() => sentAlertsIfAny(root).length === 2, 20_000)
    expect(
      sentAlerts(root)
        .map(({ rule, news }) => `${String(rule)} ${String(news)}`)
        .toSorted(),
    ).toEqual(['down new', 'down recovered'])
    await worker.stop()
  }, 60_000)

  test('is looked for by no process where only events can tell', async () => {
    const { root, queue } = alerting({ to: [OPS], every: '1s' }, '#!/bin/sh\nexit 0\n')
    const worker = await startWorker(queue.path)
    const lock = join(queue.path, '_alerts.lock')
    // One look at what failed before it came.
    await until(() => existsSync(join(queue.path, '_alerts.json')))
    const before = statSync(lock).mtimeMs
    for (let i = 0; i < 5; i += 1) expect(await queue.settled(queue.drop())).toBe('done')
    await until(() => Date.now() - before > 2500)
    expect(statSync(lock).mtimeMs).toBe(before)
    writeFileSync(join(queue.path, '_down'), '')
    await until(() => sentAlertsIfAny(root).length === 1, 20_000)
    await worker.stop()
  })

  test('is a configuration that cannot be used: by the word of the root', async () => {
    const root = tempRoot()
    writeFileSync(join(root, 'config.json'), JSON.stringify({ queue: { alerts: { to: [OPS] } } }))
    const queue = openQueue(makeQueue(root, 'mail', FAILS, { slotz: 1 }))
    const worker = await startWorker(queue.path)
    await until(() => sentAlertsIfAny(root).length === 1, 20_000)
    expect(sentAlerts(root)).toMatchObject([{ rule: 'down', text: expect.stringContaining('slotz: is no known key') }])
    await worker.stop()
  })

  test('is looked for by `rq alerts`, too: waiting, idleness, the disk, old files in one digest', async () => {
    const { root, queue } = alerting({
      to: [OPS],
      on: { oldest: '0.05s', idle: '0s', disk_below: '99T', files_older: { que: '0.05s', _err: '0.05s', prep: '1h' } },
    })
    for (const dir of ['_err/failed', 'que/dropped/deeper', 'prep/young'])
      mkdirSync(join(queue.path, dir), { recursive: true })
    writeFileSync(join(queue.path, '_err/failed/msg'), '{"attempts":[{"n":1,"verdict":"fail","text":"bad"}]}')
    writeFileSync(join(queue.path, 'que/dropped/deeper/part.csv'), '')
    writeFileSync(join(queue.path, 'que/20200101T000000.000000-abcdef,t99999999999'), '')
    await until(() => Date.now() % 1000 > 200)
    const first = Object.fromEntries((await send(root)).map((alert) => [alert.rule, alert]))
    expect(Object.keys(first).toSorted()).toEqual(['disk_below', 'failed', 'files_older', 'oldest'])
    expect(first['oldest']?.items).toMatchObject([{ id: 'dropped' }])
    expect(first['files_older']).toMatchObject({
      text: expect.stringMatching(/2 in que for more than .*1 in _err/),
      items: expect.arrayContaining([
        expect.objectContaining({
          id: 'dropped',
          files: ['deeper/part.csv'],
          reason: expect.stringContaining('here for'),
        }),
        expect.objectContaining({ id: 'failed', reason: expect.stringContaining('bad') }),
      ]),
    })
    // Said is said; only what was never seen before is new: that nothing was done since the first look.
    expect((await send(root)).map(({ rule }) => rule)).toEqual(['idle'])
    expect(await send(root)).toEqual([])
    for (const dir of ['_err/failed', 'que/dropped']) rmSync(join(queue.path, dir), { recursive: true })
    rmSync(join(queue.path, 'que/20200101T000000.000000-abcdef,t99999999999'))
    const ends = await send(root)
    expect(ends.map(({ rule, news }) => `${rule} ${news}`)).toEqual(['oldest recovered', 'files_older recovered'])
    expect(openQueue(join(root, 'queue/alerts')).names('que')).toHaveLength(7)
  })

  test('is never said of the alerts queue itself, nor where nobody is told', async () => {
    const root = tempRoot()
    writeFileSync(join(root, 'config.json'), JSON.stringify({ queue: { alerts: { to: [OPS], queue: 'q' } } }))
    for (const name of ['q', 'silent'])
      writeFileSync(join(makeQueue(root, name, FAILS, name === 'silent' ? { alerts: { to: [] } } : {}), '_down'), '')
    expect(await rq(root, ['alerts', '--send'])).toMatchObject({
      code: 0,
      stdout: '',
      stderr: 'rq: there is nothing to say\n',
    })
  })

  test('is not lost when the alerts queue is down, nor said twice', async () => {
    const { root, queue } = alerting({ to: [OPS] })
    const alerts = makeQueue(root, 'alerts', FAILS)
    writeFileSync(join(alerts, '_down'), '')
    writeFileSync(join(queue.path, '_down'), '')
    expect(await rq(root, ['alerts', 'mail', '--send'])).toMatchObject({ code: 75 })
    rmSync(join(alerts, '_down'))
    await send(root)
    await send(root)
    expect(sentAlerts(root)).toMatchObject([{ rule: 'down', news: 'new' }])
  })
})

function sentAlertsIfAny(root: string): Record<string, unknown>[] {
  return existsSync(join(root, 'queue/alerts/que')) ? sentAlerts(root) : []
}
