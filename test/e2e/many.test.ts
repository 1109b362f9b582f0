/** A thousand queues, and lists of hundreds of items: what is drawn is what is in view, and everything works on all. */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { violationsOf } from '../helpers/axe.ts'
import { hasBrowser, openPage } from '../helpers/browser.ts'
import { makeQueue, tempRoot } from '../helpers/daemon.ts'
import { inEachLook, LOOKS } from '../helpers/looks.ts'
import { until } from '../helpers/until.ts'
import { startWeb, type Web } from '../helpers/web.ts'

const QUEUES = 1_000
const ITEMS = 300

describe.skipIf(!hasBrowser)('a thousand queues', () => {
  const root = tempRoot()
  let web: Web

  beforeAll(async () => {
    for (let n = 0; n < QUEUES; n += 1) makeQueue(root, `q${String(n).padStart(4, '0')}`)
    const held = join(root, 'queue/q0000/pause')
    mkdirSync(held, { recursive: true })
    for (let n = 0; n < ITEMS; n += 1) writeFileSync(join(held, `file-${String(n).padStart(3, '0')}`), 'x')
    // It serves before it has looked at all of them.
    web = await startWeb(root, { ready: false })
  }, 60_000)
  afterAll(() => web.daemon.stop())

  const drawn = (page: Page) => page.locator('tbody tr[data-key]').count()
  const row = (page: Page, key: string) => page.locator(`tr[data-key="${key}"]`)
  const focused = (page: Page) => page.evaluate('document.activeElement?.dataset.key')
  const isInView = (page: Page, key: string) =>
    page.evaluate(`(() => {
      const row = document.querySelector('tr[data-key="${key}"]')?.getBoundingClientRect()
      const head = document.querySelector('thead')?.getBoundingClientRect()
      return row !== undefined && row.top >= head.bottom - 1 && row.bottom <= innerHeight
    })()`)
  const toEnd = (page: Page) => page.evaluate('scrollTo(0, document.documentElement.scrollHeight)')

  it('are drawn as far as they are in view, and each says which of all it is', async () => {
    const { page, problems } = await openPage(web, '/?sort=queue')
    await row(page, 'q0000').waitFor()
    expect(await drawn(page)).toBeLessThan(100)
    expect(await page.getByRole('table', { name: 'Queues' }).getAttribute('aria-rowcount')).toBe(String(QUEUES + 1))
    expect(await row(page, 'q0000').getAttribute('aria-rowindex')).toBe('2')
    await until(
      async () => {
        await toEnd(page)
        return (await row(page, 'q0999').count()) === 1 && (await isInView(page, 'q0999')) === true
      },
      5_000,
      'the last is in view',
    )
    expect(await row(page, 'q0999').getAttribute('aria-rowindex')).toBe(String(QUEUES + 1))
    expect(await drawn(page)).toBeLessThan(100)
    expect(await row(page, 'q0500').count()).toBe(0)
    expect(problems).toEqual([])
  })

  it('keep their columns and their places while one scrolls', async () => {
    const { page } = await openPage(web, '/?sort=queue')
    await row(page, 'q0000').waitFor()
    await page.locator('.spark .line').first().waitFor({ state: 'attached' })
    const widths = () =>
      page.locator('thead th').evaluateAll((all) => all.map((one) => one.getBoundingClientRect().width))
    const before = await widths()
    const shifts = 'globalThis.shifts'
    await page.evaluate(`${shifts} = 0; new PerformanceObserver((list) => {
      for (const { value } of list.getEntries()) ${shifts} += value
    }).observe({ type: 'layout-shift' })`)
    for (let n = 0; n < 20; n += 1) await page.mouse.wheel(0, 700)
    await until(async () => Number(await page.evaluate('scrollY')) > 9_000, 5_000, 'they went by')
    expect(await row(page, 'q0005').count()).toBe(0)
    expect(await page.evaluate(shifts)).toBeLessThan(0.01)
    expect(await widths()).toEqual(before)
  })

  it('are walked by j and k beyond what is in view, and the focus stays where one stands', async () => {
    const { page, problems } = await openPage(web, '/?sort=queue')
    await row(page, 'q0000').waitFor()
    for (let n = 0; n < 60; n += 1) await page.keyboard.press('j')
    await until(async () => (await focused(page)) === 'q0059', 3_000, 'one stands on the sixtieth')
    expect(await isInView(page, 'q0059')).toBe(true)
    await toEnd(page)
    await until(async () => (await row(page, 'q0999').count()) === 1, 3_000, 'the end is drawn')
    expect(await focused(page)).toBe('q0059')
    expect(await row(page, 'q0060').count()).toBe(0)
    await page.keyboard.press('k')
    await until(async () => (await focused(page)) === 'q0058', 3_000, 'one stands on the one before')
    await until(async () => (await isInView(page, 'q0058')) === true, 3_000, 'it is in view')
    await page.keyboard.press('Enter')
    await page.waitForURL('**/queues/q0058')
    expect(problems).toEqual([])
  })

  it('keep the focus on a link that was scrolled away, and Tab goes on from there', async () => {
    const { page } = await openPage(web, '/?sort=queue')
    await row(page, 'q0005').getByRole('link').focus()
    await toEnd(page)
    await until(async () => (await row(page, 'q0999').count()) === 1, 3_000, 'the end is drawn')
    expect(await row(page, 'q0006').count()).toBe(0)
    expect(await page.evaluate('document.activeElement?.textContent')).toBe('q0005')
    await page.keyboard.press('Tab')
    expect(await page.evaluate('document.activeElement?.getAttribute("aria-label")')).toBe('Pause q0005')
  })

  it('are all looked through by the filter', async () => {
    const { page } = await openPage(web, '/?sort=queue')
    await row(page, 'q0000').waitFor()
    await page.keyboard.press('/')
    await page.keyboard.type('q07')
    await until(async () => (await drawn(page)) === 100, 3_000, 'a hundred are left')
    await page.keyboard.type('77')
    await until(async () => (await drawn(page)) === 1, 3_000, 'one is left')
    await page.keyboard.press('ControlOrMeta+a')
    await page.keyboard.press('Delete')
    await page
      .getByRole('table', { name: 'Queues' })
      .and(page.locator(`[aria-rowcount="${QUEUES + 1}"]`))
      .waitFor()
  })

  it('have nothing that axe complains of, nor wider than a phone, also where they are cards', async () => {
    for (const options of [{}, { viewport: LOOKS.phone.viewport }]) {
      const { page } = await openPage(web, '/?sort=queue', options)
      await row(page, 'q0000').waitFor()
      expect(await drawn(page)).toBeLessThan(100)
      expect(await violationsOf(page)).toEqual([])
      expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true)
      await toEnd(page)
      await until(
        async () => {
          await toEnd(page)
          return (await row(page, 'q0999').count()) === 1
        },
        5_000,
        'the last is drawn',
      )
    }
  })

  it('and of a long list of items all are marked, by a key and up to here, and changed', async () => {
    const held = () => readdirSync(join(root, 'queue/q0000/pause')).length
    const { page, problems } = await openPage(web, '/queues/q0000?tab=held')
    await row(page, 'file-000').waitFor()
    const table = page.getByRole('table', { name: 'Held' })
    for (const shown of ['200', '300']) {
      await page.locator('.more button').click()
      await table.and(page.locator(`[aria-rowcount="${Number(shown) + 1}"]`)).waitFor()
    }
    await page.mouse.move(0, 0)
    expect(await drawn(page)).toBeLessThan(150)
    await page.keyboard.press('a')
    await page.getByRole('button', { name: `Release ${ITEMS}` }).waitFor()
    await page.keyboard.press('Escape')
    await page.evaluate('scrollTo(0, 0)')
    await row(page, 'file-000').getByRole('checkbox').click()
    await toEnd(page)
    await row(page, 'file-298')
      .getByRole('checkbox')
      .click({ modifiers: ['Shift'] })
    await page.getByRole('button', { name: `Release ${ITEMS - 1}` }).click()
    await until(() => held() === 1, 10_000, 'one is still held')
    expect(problems).toEqual([])
  })
})

describe.skipIf(!hasBrowser)('queues whose names begin alike', () => {
  const root = tempRoot()
  let web: Web

  beforeAll(async () => {
    for (const name of ['mail-eu', 'mail-us', 'mail', 'etl_orders', 'etl_clicks', 'sms']) makeQueue(root, name)
    for (const name of ['mail-eu', 'mail-us'])
      for (const file of ['a', 'b', 'c']) writeFileSync(join(root, 'queue', name, 'que', file), 'x')
    for (const name of ['mail-eu', 'mail-us']) writeFileSync(join(root, 'queue', name, '_paused'), '')
    web = await startWeb(root)
  })
  afterAll(() => web.daemon.stop())

  const names = (page: Page) => page.locator('.queue-name').allTextContents()

  it('stand by themselves as long as they are few, and in groups by a click', async () => {
    const { page, problems } = await openPage(web)
    await page.getByRole('link', { name: 'mail-eu' }).waitFor()
    expect(await page.locator('tr.group').count()).toBe(0)
    await page.getByRole('link', { name: 'Groups' }).click()
    const mail = page.locator('tr.group').filter({ hasText: 'mail' })
    await mail.getByText('3 queues').waitFor()
    expect(await mail.locator('td.c-pending').textContent()).toBe('6')
    await mail.getByText('mail-eu: It is paused').waitFor()
    expect(await names(page)).toEqual(['sms'])
    await mail.getByRole('button', { name: 'mail' }).click()
    await page.getByRole('link', { name: 'mail-us' }).waitFor()
    expect(await page.evaluate('document.activeElement?.getAttribute("aria-expanded")')).toBe('true')
    const { searchParams } = new URL(page.url())
    expect([searchParams.get('group'), searchParams.get('open')]).toEqual(['prefix', 'mail'])
    await page.keyboard.press('Enter')
    await page.getByRole('link', { name: 'mail-us' }).waitFor({ state: 'detached' })
    expect(problems).toEqual([])
  })

  it('are the same in a link, whatever its reader chose, and found by the filter', async () => {
    const { page } = await openPage(web, '/?group=prefix&open=etl')
    await page.getByRole('link', { name: 'etl_orders' }).waitFor()
    expect((await names(page)).toSorted()).toEqual(['etl_clicks', 'etl_orders', 'sms'])
    await page.getByRole('link', { name: 'Open all' }).click()
    await until(async () => (await names(page)).length === 6, 3_000, 'all are shown')
    await page.getByRole('link', { name: 'Fold all' }).click()
    await until(async () => (await names(page)).join() === 'sms', 3_000, 'all are folded')
    await page.getByRole('searchbox', { name: 'Filter queues' }).fill('mail-us')
    await until(async () => (await names(page)).join() === 'mail-us', 3_000, 'what is looked for is shown')
  })

  it('are sorted by what a group comes to, and inside it by their own', async () => {
    const { page } = await openPage(web, '/?group=prefix&open=*&sort=pending')
    await page.getByRole('link', { name: 'mail-us' }).waitFor()
    expect(await names(page)).toEqual(['mail-eu', 'mail-us', 'mail', 'etl_clicks', 'etl_orders', 'sms'])
  })

  it('have nothing that axe complains of, nor wider than a phone', async () => {
    const { page } = await openPage(web, '/?group=prefix&open=mail')
    await inEachLook(page, () => page.getByRole('link', { name: 'mail-us' }).waitFor())
  })
})
