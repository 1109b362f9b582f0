/** Alerts and the audit log: what is said, and where it leads. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hasBrowser, openPage } from '../helpers/browser.ts'
import { makeQueue, tempRoot } from '../helpers/daemon.ts'
import { expectGoodLooks } from '../helpers/looks.ts'
import { startWeb, type Web } from '../helpers/web.ts'

const OF_AGE = { to: ['exec:./notify'], on: { oldest: '1s' }, every: '1h' }

describe.skipIf(!hasBrowser)('the page of alerts', () => {
  const root = tempRoot()
  let web: Web
  beforeAll(async () => {
    makeQueue(root, 'mail', undefined, { alerts: OF_AGE })
    const shop = makeQueue(root, 'shop', undefined, { alerts: OF_AGE })
    writeFileSync(join(shop, '_down'), '')
    web = await startWeb(root)
  })
  afterAll(async () => web.daemon.stop())

  it('says what is wrong now, and leads to the queue', async () => {
    const { page, problems } = await openPage(web)
    await page.getByRole('heading', { name: 'Queues' }).waitFor()
    for (const key of ['g', 'a']) await page.keyboard.press(key)
    const wrong = page.getByRole('region', { name: 'Wrong now' })
    await wrong.getByText('It is down').waitFor()
    await wrong.getByRole('link', { name: 'shop' }).click()
    await page.waitForURL(/\/queues\/shop/)
    expect(problems).toEqual([])
  })

  it('is dark, light and narrow, and accessible in each', async () => {
    await expectGoodLooks(web, '/alerts', 'alerts', 'It is down')
  })

  it('teaches where nobody is told', async () => {
    const empty = tempRoot()
    makeQueue(empty, 'q')
    const other = await startWeb(empty)
    await expectGoodLooks(other, '/alerts', 'alerts-none', 'There is nothing to say')
    await other.daemon.stop()
  })
})

describe.skipIf(!hasBrowser)('what would be said', () => {
  it('names the items and leads to where it is mended', async () => {
    const root = tempRoot()
    makeQueue(root, 'mail', '#!/bin/sh\nsleep 60\n', { slots: 1, alerts: OF_AGE })
    const web = await startWeb(root)
    for (let n = 0; n < 3; n += 1) await web.send('POST', '/queues/mail/items', { param1: String(n) })
    await expectGoodLooks(web, '/alerts', 'alerts-oldest', 'items wait too long')
    const { page } = await openPage(web, '/alerts')
    const card = page.getByRole('article', { name: 'mail: items wait too long' })
    await card.getByText('waiting').first().waitFor()
    await card.getByText('As it is sent').click()
    await card.getByText(/^Queue:\s+mail on/).waitFor()
    await card.getByRole('link', { name: 'What waits' }).click()
    await page.waitForURL(/\/queues\/mail\?tab=waiting/)
    await web.daemon.stop()
  })
})

describe.skipIf(!hasBrowser)('the page of the audit log', () => {
  it('says who did what and how it ended', async () => {
    const root = tempRoot()
    makeQueue(root, 'mail')
    const web = await startWeb(root)
    await web.send('POST', '/queues/mail/pause', {})
    await web.send('POST', '/items/mail/nothing/retry', {})
    await expectGoodLooks(web, '/audit', 'audit', 'queues/mail/pause')
    const { page, problems } = await openPage(web, '/audit')
    const row = page.getByRole('row').filter({ hasText: 'items/mail/nothing/retry' })
    await row.getByText('not-found').waitFor()
    await page.getByRole('row').filter({ hasText: 'queues/mail/pause' }).getByText('done').waitFor()
    await page.getByRole('link', { name: '1 h', exact: true }).click()
    await page.waitForURL(/since=1h/)
    await page.getByText('queues/mail/pause').waitFor()
    expect(problems).toEqual([])
    await web.daemon.stop()
  })
})
