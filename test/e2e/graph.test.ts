/** The picture of queues that hand items to one another. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hasBrowser, openPage } from '../helpers/browser.ts'
import { makeQueue, tempRoot } from '../helpers/daemon.ts'
import { putFailed } from '../helpers/failed.ts'
import { expectGoodLooks } from '../helpers/looks.ts'
import { startWeb, type Web } from '../helpers/web.ts'

describe.skipIf(!hasBrowser)('the graph', () => {
  const root = tempRoot()
  let web: Web
  beforeAll(async () => {
    makeQueue(root, 'upload', undefined, { relay_to: 'scale', schedules: { poll: { every: '15m' } } })
    makeQueue(root, 'scale', undefined, { relay_to: 'archive', retry: { limit: 3, queue: 'scale-slow' } })
    makeQueue(root, 'scale-slow', undefined, { relay_to: 'scale' })
    const mail = makeQueue(root, 'mail', undefined, {
      retry: { limit: 1, on_give_up: { relay_to: 'nowhere' } },
      relay_to: 'archive',
    })
    makeQueue(root, 'archive', undefined, { alerts: { to: ['exec:./notify'] } })
    makeQueue(root, 'alone')
    putFailed(mail, 2, { exit: 1 })
    writeFileSync(join(mail, '_paused'), '')
    web = await startWeb(root)
  })
  afterAll(async () => web.daemon.stop())

  it('is dark, light and narrow, and accessible in each', async () => {
    await expectGoodLooks(web, '/graph', 'graph', '7 queues hand items on')
  })

  it('is reached by keys, and each box leads to its queue', async () => {
    const { page, problems } = await openPage(web)
    await page.getByRole('heading', { name: 'Queues' }).waitFor()
    for (const key of ['g', 'm']) await page.keyboard.press(key)
    await page.getByText('1 stand alone, 1 missing').waitFor()
    const names = await page.locator('.graph .node .name').allTextContents()
    expect(names.map((name) => name.split(' ')[0]).toSorted()).toEqual([
      'alerts',
      'archive',
      'mail',
      'nowhere',
      'scale',
      'scale-slow',
      'upload',
    ])
    await page
      .locator('.graph')
      .getByRole('link', { name: /^scale-slow/ })
      .click()
    await page.waitForURL(/\/queues\/scale-slow/)
    expect(problems).toEqual([])
  })

  it('says the same as a table, with what is missing', async () => {
    const { page } = await openPage(web, '/graph')
    await page.getByText('nowhere (no such queue)').waitFor()
    const rows = await page.locator('tbody tr').allTextContents()
    expect(rows.some((row) => /^scale\s*retries in\s*scale-slow/.test(row))).toBe(true)
    expect(rows.some((row) => /^upload\s*comes by itself\s*upload/.test(row))).toBe(true)
  })

  it('teaches where nothing is handed on', async () => {
    const empty = tempRoot()
    makeQueue(empty, 'q')
    const other = await startWeb(empty)
    await expectGoodLooks(other, '/graph', 'graph-none', 'No queue hands items to another')
    await other.daemon.stop()
  })
})
