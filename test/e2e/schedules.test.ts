/** Schedules: each action by clicking or keys, then looked for on the disk. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { timingText } from '../../src/domain/timing.ts'
import { hasBrowser, openPage } from '../helpers/browser.ts'
import { makeQueue, tempRoot } from '../helpers/daemon.ts'
import { expectGoodLooks } from '../helpers/looks.ts'
import { namesIn } from '../helpers/rq.ts'
import { until } from '../helpers/until.ts'
import { startWeb, type Web } from '../helpers/web.ts'

const CONFIG = {
  schedules: {
    nightly: {
      cron: '0 2 * * *',
      tz: 'Europe/Berlin',
      description: 'all of the day before',
      params: { kind: 'full', n: 5 },
    },
    poll: { every: '15m', catch_up: 'none' },
    rebuild: { by_hand: true, param1: 'everything' },
  },
}

describe.skipIf(!hasBrowser)('the page of schedules', () => {
  const root = tempRoot()
  let report = ''
  let web: Web
  beforeAll(async () => {
    report = makeQueue(root, 'report', '#!/bin/sh\nsleep 60\n', CONFIG)
    // As a worker leaves it that made last night's item three hours late, and skipped one.
    const id = '20261121T040000.000000-x7f2k9-nightly'
    mkdirSync(join(report, '_err', id), { recursive: true })
    const attempt = {
      n: 1,
      started: '2026-11-21T04:00:01.000Z',
      ended: '2026-11-21T04:10:01.000Z',
      exit: 1,
      verdict: 'fail',
    }
    writeFileSync(join(report, '_err', id, 'msg'), JSON.stringify({ attempts: [{ ...attempt, to: '_err' }] }))
    mkdirSync(join(report, '_schedules'), { recursive: true })
    const state = {
      timing: timingText({ kind: 'cron', expression: '0 2 * * *', zone: 'Europe/Berlin' }),
      ...{ until: Date.now(), dealt: [], fired: { at: Date.parse('2026-11-21T01:00:00Z'), id, name: `${id}.msg` } },
      skipped: { at: Date.parse('2026-11-20T01:00:00Z'), why: 'missed', count: 2 },
    }
    writeFileSync(join(report, '_schedules/nightly.json'), JSON.stringify(state))
    writeFileSync(join(report, '_paused'), '')
    web = await startWeb(root)
  })
  afterAll(async () => web.daemon.stop())

  it('says when in words, and what comes next', async () => {
    const { page, problems } = await openPage(web)
    await page.getByRole('heading', { name: 'Queues' }).waitFor()
    for (const key of ['g', 's']) await page.keyboard.press(key)
    await page.getByText('At 02:00').waitFor()
    await page.getByText('every 15m').waitFor()
    await page.getByText('started 3h 00m late').waitFor()
    await page.getByText('took 10m 00s').waitFor()
    await page.getByText(/skipped 2 times.*nobody was there/).waitFor()
    await page.getByText('by hand', { exact: true }).first().waitFor()
    expect(problems).toEqual([])
  })

  it('is dark, light and narrow, and accessible in each', async () => {
    await web.send('POST', '/schedules/report/poll/pause', {})
    await web.send('POST', '/schedules/report/nightly/run', {})
    await expectGoodLooks(web, '/schedules', 'schedules', 'all of the day before')
    await web.send('POST', '/schedules/report/poll/resume', {})
  })

  it('pauses by a click and goes on by a key', async () => {
    const { page } = await openPage(web, '/schedules')
    const flag = join(report, '_schedules/poll.paused')
    await page.getByRole('button', { name: 'Pause: report poll' }).click()
    await until(() => existsSync(flag))
    await page.getByRole('button', { name: 'Resume: report poll' }).waitFor()
    for (const key of ['j', 'j', 'p']) await page.keyboard.press(key)
    await until(() => !existsSync(flag))
  })

  it('runs one now with other parameters, and says why not where it may not', async () => {
    const { page } = await openPage(web, '/schedules')
    await page.getByRole('button', { name: 'Run now: report rebuild' }).click()
    await page.getByLabel('param1').fill('little')
    await page.getByLabel('More parameters').fill('date=2026-11-22')
    await page.getByRole('dialog').getByRole('button', { name: 'Run now' }).click()
    await page.getByText(/rebuild waits as/).waitFor()
    const [name] = namesIn(report, 'que').filter((one) => one.includes('rebuild'))
    expect(JSON.parse(readFileSync(join(report, 'que', name ?? ''), 'utf8'))).toMatchObject({
      param1: 'little',
      params: { date: '2026-11-22' },
    })
    await page.getByRole('button', { name: 'Run now: report rebuild' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('button', { name: 'Run now' }).click()
    await dialog.getByText(/of its last run, waits or runs/).waitFor()
    await dialog.getByLabel('also while the last one waits or runs').check()
    await dialog.getByRole('button', { name: 'Run now' }).click()
    await until(() => namesIn(report, 'que').filter((one) => one.includes('rebuild')).length === 2)
  })

  it('keeps numbers that nobody changed', async () => {
    const { page } = await openPage(web, '/schedules')
    await page.getByRole('button', { name: 'Run now: report nightly' }).click()
    await page.getByLabel('kind').fill('part')
    await page.getByLabel('also while the last one waits or runs').check()
    await page.getByRole('dialog').getByRole('button', { name: 'Run now' }).click()
    const made = () => namesIn(report, 'que').filter((one) => one.includes('nightly'))
    await until(() => made().length === 2)
    const text = readFileSync(join(report, 'que', made().at(-1) ?? ''), 'utf8')
    expect(JSON.parse(text)).toMatchObject({ params: { kind: 'part', n: 5 } })
  })

  it('teaches where there is none', async () => {
    const empty = tempRoot()
    makeQueue(empty, 'q')
    const other = await startWeb(empty)
    await expectGoodLooks(other, '/schedules', 'schedules-none', 'Nothing comes by itself')
    await other.daemon.stop()
  })
})
