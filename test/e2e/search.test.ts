/** Searching all queues: each action by clicking or keys, then looked for on the disk. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hasBrowser, openPage } from '../helpers/browser.ts'
import { makeQueue, tempRoot } from '../helpers/daemon.ts'
import { putFailed } from '../helpers/failed.ts'
import { expectGoodLooks } from '../helpers/looks.ts'
import { namesIn } from '../helpers/rq.ts'
import { until } from '../helpers/until.ts'
import { startWeb, type Web } from '../helpers/web.ts'

describe.skipIf(!hasBrowser)('the page of a search', () => {
  const root = tempRoot()
  let web: Web
  let mail = ''
  let shop = ''
  beforeAll(async () => {
    writeFileSync(join(root, '_paused'), '')
    mail = makeQueue(root, 'mail')
    shop = makeQueue(root, 'shop')
    putFailed(mail, 3, { exit: 1, text: 'timed out' }, { params: { user: '7' } })
    putFailed(mail, 2, { exit: 1, text: 'timed out' }, { params: { user: '8' } })
    putFailed(shop, 2, { exit: 2, text: 'no stock' }, { params: { user: '7' } })
    mkdirSync(join(mail, 'que'), { recursive: true })
    for (let n = 0; n < 120; n += 1) writeFileSync(join(mail, 'que', `order-${n}.csv`), 'a,b\n')
    web = await startWeb(root)
  })
  afterAll(async () => web.daemon.stop())

  it('is dark, light and narrow, and accessible in each', async () => {
    await expectGoodLooks(web, '/search?q=param.user%3D7', 'search', '5 items found')
    await expectGoodLooks(web, '/search', 'search-none', 'All queues, all states')
    await expectGoodLooks(web, '/search?q=tag:nowhere', 'search-nothing', 'Nothing matches')
  })

  it('is reached by keys and asks as one types, in all queues', async () => {
    const { page, problems } = await openPage(web)
    await page.getByRole('heading', { name: 'Queues' }).waitFor()
    // Looked at before it is painted: what is typed at the first sight of the page goes into the field.
    await page.evaluate(`
      new MutationObserver(() => {
        if (document.querySelector('h1')?.textContent === 'Search') globalThis.focusedAtFirst ??= document.activeElement.tagName
      }).observe(document.body, { childList: true, subtree: true })`)
    for (const key of ['g', '/']) await page.keyboard.press(key)
    await page.getByText('All queues, all states').waitFor()
    expect(await page.evaluate('globalThis.focusedAtFirst')).toBe('INPUT')
    await page.keyboard.type('param.user=7')
    await page.getByText('5 items found').waitFor()
    expect(new Set(await page.locator('td.c-queue').allTextContents())).toEqual(new Set(['mail', 'shop']))
    expect(page.url()).toContain('q=param.user')
    expect(problems).toEqual([])
  })

  it('takes a plain word as a part of an id, a name or a text', async () => {
    const { page } = await openPage(web, '/search?q=order-17')
    await page.getByText('1 item found').waitFor()
    await page.goto(`${web.url}/search?q=stock`)
    await page.getByText('2 items found').waitFor()
  })

  it('shows the first rows and goes on when it is asked to', async () => {
    const { page } = await openPage(web, '/search?q=name:order-*')
    await page.getByText('50 items so far').waitFor()
    await page.getByRole('button', { name: 'Look on' }).click()
    await page.getByText('100 items so far').waitFor()
    await page.getByRole('button', { name: 'Look on' }).click()
    await page.getByText('120 items found').waitFor()
    expect(await page.locator('tbody tr').count()).toBe(120)
  })

  it('says what is wrong with a query', async () => {
    const { page } = await openPage(web, '/search?q=age%3Esoon')
    await page.getByRole('alert').filter({ hasText: 'soon' }).waitFor()
  })

  it('retries all of one customer slowly', async () => {
    const { page } = await openPage(web, '/search?q=failed param.user=7 age<1d')
    await page.getByText('5 items found').waitFor()
    await page.getByRole('button', { name: 'Retry slowly all…' }).click()
    await page.getByLabel('How many at a time').fill('1')
    await page.getByRole('button', { name: 'Retry 5 items slowly' }).click()
    await page.getByText('5 waits again').waitFor()
    const due = (queue: string) => namesIn(queue, 'que').filter((name) => /,t\d+/.test(name)).length
    expect([due(mail), due(shop), namesIn(mail, '_err').length]).toEqual([2, 1, 2])
  })

  it('removes what is marked by keys, and brings it back', async () => {
    const { page } = await openPage(web, '/search?q=param.user=8')
    await page.getByText('2 items found').waitFor()
    for (const key of ['j', 'x', '#']) await page.keyboard.press(key)
    await page.getByRole('button', { name: 'Remove 1 item' }).click()
    await page.getByText('1 removed').waitFor()
    expect(namesIn(mail, '_err')).toHaveLength(1)
    await page.getByRole('button', { name: 'Undo' }).click()
    await until(() => namesIn(mail, '_err').length === 2)
  })
})
