/** Where the focus goes when a window opens, what a figure opens, and what is said when not all could be read. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hasBrowser, openPage } from '../helpers/browser.ts'
import { makeQueue, tempRoot } from '../helpers/daemon.ts'
import { until } from '../helpers/until.ts'
import { startWeb, type Web } from '../helpers/web.ts'

describe.skipIf(!hasBrowser)('a window', () => {
  const root = tempRoot()
  let web: Web

  beforeAll(async () => {
    for (const name of ['mail', 'other']) {
      makeQueue(root, name, '#!/bin/sh\nexit 0\n', { schedules: { nightly: { cron: '30 2 * * *' } } })
      writeFileSync(join(root, 'queue', name, '_paused'), '')
    }
    const failed = join(root, 'queue/mail/_err')
    mkdirSync(failed, { recursive: true })
    for (let n = 0; n < 101; n += 1) writeFileSync(join(failed, `file-${n}`), 'x')
    web = await startWeb(root)
  })
  afterAll(() => web.daemon.stop())

  /** Its label or its text. */
  const focused = (page: Page) =>
    page.evaluate(`(() => {
      const { activeElement } = document
      const says = activeElement?.labels?.[0] ?? activeElement
      return activeElement?.getAttribute('aria-label') ?? says?.querySelector('span')?.textContent ?? says?.textContent
    })()`)
  const stands = (page: Page, on: string) =>
    until(async () => String(await focused(page)).startsWith(on), 5_000, `the focus is on ${on}`)

  it('that destroys something has the focus on Cancel, and Enter does no harm', async () => {
    const { page, problems } = await openPage(web, '/queues/other')
    await page.getByRole('button', { name: 'Pause all' }).click()
    await stands(page, 'Cancel')
    await page.keyboard.press('Enter')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    expect(await web.get('/queues')).toMatchObject({ paused: false })
    expect(problems).toEqual([])
  })

  it('that asks for something has it on its first field', async () => {
    const { page, problems } = await openPage(web)
    await page.getByRole('button', { name: 'New queue' }).click()
    await stands(page, 'Name')
    await page.keyboard.press('Escape')
    await page.goto(`${web.url}/schedules`)
    await page.getByRole('button', { name: /Run/ }).first().click()
    await stands(page, 'More parameters')
    await page.goto(`${web.url}/queues/mail?tab=failed`)
    await page.getByRole('button', { name: 'Move all…', exact: true }).click()
    await stands(page, 'To the queue')
    await page.keyboard.press('Escape')
    await web.send('POST', '/queues/other/items', {})
    await web.send('POST', '/bulk/rm', { queues: ['other'], where: 'que' })
    await page.goto(`${web.url}/trash`)
    await page.getByRole('button', { name: /^Empty/ }).click()
    await stands(page, 'What goes')
    expect(problems).toEqual([])
  })

  it('that counts first has it on what it asks when it has counted', async () => {
    const { page, problems } = await openPage(web, '/queues/mail?tab=failed')
    await page.getByRole('button', { name: 'Retry all…' }).click()
    await page.getByRole('dialog').getByText('Retry 101 items?').waitFor()
    await stands(page, 'Retry 101 items')
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'Remove all…' }).click()
    await page.getByRole('dialog').getByText('Remove 101 items?').waitFor()
    await stands(page, 'Type 101')
    await page.keyboard.press('Escape')
    await page.goto(`${web.url}/failed`)
    await page
      .getByRole('button', { name: /slowly/i })
      .first()
      .click()
    await stands(page, 'How many at a time')
    expect(problems).toEqual([])
  })
})

it.skipIf(!hasBrowser)('a figure of the overview opens a list of as many', async () => {
  const root = tempRoot()
  makeQueue(root, 'mail')
  writeFileSync(join(root, 'queue/mail/_paused'), '')
  const web = await startWeb(root)
  for (const body of [{}, {}, { in: '2h' }]) await web.send('POST', '/queues/mail/items', body)
  const { page, problems } = await openPage(web)
  await page.locator('td.c-pending').getByRole('link', { name: '3', exact: true }).click()
  await page.waitForURL('**/queues/mail?tab=pending')
  const rows = page.getByRole('table', { name: 'Pending' }).locator('tbody tr')
  await until(async () => (await rows.count()) === 3, 5_000, 'three are listed')
  for (const [tab, count] of [
    ['Pending', '3'],
    ['Waiting', '2'],
    ['Scheduled', '1'],
  ] as const)
    await page
      .getByRole('navigation', { name: 'Lists' })
      .getByRole('link', { name: `${tab} ${count}` })
      .waitFor()
  expect(problems).toEqual([])
  await web.daemon.stop()
})

it.skipIf(!hasBrowser)('an answer without what could not be read says so, beside what could', async () => {
  const root = tempRoot()
  makeQueue(root, 'good', '#!/bin/sh\nexit 0\n', { schedules: { nightly: { cron: '30 2 * * *' } } })
  const bad = makeQueue(root, 'bad')
  writeFileSync(join(bad, 'config.json'), '{ this is no JSON')
  const web = await startWeb(root)
  const { page, problems } = await openPage(web, '/schedules')
  await page.getByRole('row', { name: /nightly/ }).waitFor()
  await page
    .getByRole('status')
    .filter({ hasText: /^Some could not be read: .*bad/ })
    .waitFor()
  expect(problems).toEqual([])
  await web.daemon.stop()
})
