/** What failed, by cause: each action by clicking or keys, then looked for on the disk. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { hasBrowser, openPage } from '../helpers/browser.ts'
import { makeQueue, tempRoot } from '../helpers/daemon.ts'
import { putFailed } from '../helpers/failed.ts'
import { expectGoodLooks } from '../helpers/looks.ts'
import { namesIn } from '../helpers/rq.ts'
import { until } from '../helpers/until.ts'
import { startWeb, type Web } from '../helpers/web.ts'

const NEVER = '#!/bin/sh\nsleep 60\n'

describe.skipIf(!hasBrowser)('the page of what failed', () => {
  const root = tempRoot()
  let mail = ''
  let web: Web
  beforeAll(async () => {
    mail = makeQueue(root, 'mail', NEVER)
    makeQueue(root, 'quiet')
    const shop = makeQueue(root, 'shop', NEVER)
    putFailed(shop, 3, { exit: 2, text: 'no such order: 17' })
    web = await startWeb(root)
    await web.send('POST', '/pause', { all: true })
  })
  afterAll(async () => web.daemon.stop())
  beforeEach(async () => {
    await web.send('POST', '/bulk/rm', { queues: ['mail'], where: '(que | failed)' })
    putFailed(mail, 12, { exit: 1, text: 'connection to 10.0.0.1 timed out after 30 s' })
    putFailed(mail, 2, { signal: 'SIGSEGV' })
  })

  it('is dark, light and narrow, and accessible in each', async () => {
    await expectGoodLooks(web, '/failed', 'failed', 'connection to')
    await expectGoodLooks(web, '/failed?queue=quiet', 'failed-none', 'Nothing failed in quiet')
  })

  it('shows causes of all queues, the most frequent first, and leads to their items', async () => {
    const { page, problems } = await openPage(web)
    await page.getByRole('heading', { name: 'Queues' }).waitFor()
    await page.keyboard.press('g')
    await page.keyboard.press('f')
    await page.getByText('17 items, 3 causes, 2 queues').waitFor()
    const counts = await page.locator('tbody td.c-count').allTextContents()
    expect(counts).toEqual(['12', '3', '2'])
    await page.getByRole('link', { name: /no such order/ }).click()
    await page.waitForURL(/\/queues\/shop\?.*failed/)
    expect(problems).toEqual([])
  })

  it('retries all of a cause, and nothing else', async () => {
    const { page } = await openPage(web, '/failed')
    await page.getByRole('button', { name: /^Retry: mail: .*connection/ }).click()
    await page.getByRole('button', { name: 'Retry 12 items' }).click()
    await page.getByText('12 waits again').waitFor()
    expect([namesIn(mail, 'que').length, namesIn(mail, '_err').length]).toEqual([12, 2])
    await page.getByText('5 items, 2 causes').waitFor()
  })

  it('retries a cause slowly', async () => {
    const { page } = await openPage(web, '/failed')
    await page.getByRole('button', { name: /^Slowly: mail: .*connection/ }).click()
    await page.getByLabel('How many at a time').fill('5')
    await page.getByLabel('Unit of time').selectOption('hours')
    await page.getByText('the first 5 at once, the last in 2h 00m').waitFor()
    await page.getByRole('button', { name: 'Retry 12 items slowly' }).click()
    await page.getByText('12 waits again').waitFor()
    const due = namesIn(mail, 'que').map((name) => name.split(',t')[1])
    expect(due.filter((time) => time === undefined)).toHaveLength(5)
    expect(new Set(due).size).toBe(3)
  })

  it('removes a cause by keys, and brings it back', async () => {
    const { page } = await openPage(web, '/failed')
    await page.getByText('SIGSEGV').first().waitFor()
    for (const key of ['j', 'j', 'j', '#']) await page.keyboard.press(key)
    await page.getByRole('button', { name: 'Remove 2 items' }).click()
    await page.getByText('2 removed').waitFor()
    expect(namesIn(mail, '_err')).toHaveLength(12)
    await page.getByRole('button', { name: 'Undo' }).click()
    await until(() => namesIn(mail, '_err').length === 14)
  })

  it('shows what fails while one looks', async () => {
    const { page } = await openPage(web, '/failed')
    await page.getByText('17 items').waitFor()
    putFailed(mail, 1, { exit: 3, text: 'it is new' })
    await page.getByText('it is new').waitFor()
  })

  it('lists by time only what failed within it', async () => {
    const { page } = await openPage(web, '/failed')
    await page.getByRole('link', { name: '1 h', exact: true }).click()
    await page.waitForURL(/since=1h/)
    await page.getByText('17 items').waitFor()
  })
})
