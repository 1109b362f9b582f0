import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hasBrowser, openPage } from '../helpers/browser.ts'
import { makeQueue, tempRoot } from '../helpers/daemon.ts'
import { inEachLook, LOOKS } from '../helpers/looks.ts'
import { shot } from '../helpers/shots.ts'
import { makeShowcase } from '../helpers/showcase.ts'
import { until } from '../helpers/until.ts'
import { startWeb, type Web } from '../helpers/web.ts'

interface Total {
  readonly done: number
}

describe.skipIf(!hasBrowser)('the charts of a queue', () => {
  const root = tempRoot()
  let web: Web

  beforeAll(async () => {
    makeShowcase(root)
    makeQueue(root, 'live')
    makeQueue(root, 'idle')
    web = await startWeb(root)
  })
  afterAll(() => web.daemon.stop())

  /** What a screen reader is told of a line. */
  const cells = (page: Page, chart: string, line: string) =>
    page
      .getByRole('table', { name: chart, exact: true })
      .getByRole('row', { name: new RegExp(`^${line} `) })
      .getByRole('cell')
      .allTextContents()
  const drawn = (page: Page) =>
    page.evaluate<number>(`[...document.querySelectorAll('.history canvas')].filter((canvas) =>
      canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some((byte) => byte !== 0)).length`)
  const total = async () => {
    const { queues } = (await web.get('/stats?queue=live&since=1h')) as { queues: { total: Total | null }[] }
    return queues[0]?.total?.done ?? 0
  }

  it('show five of them, over the time that the link says', async () => {
    const { page, problems } = await openPage(web, '/queues/scale?range=24h')
    await until(async () => (await drawn(page)) === 5, 10_000, 'all are drawn')
    // The list is asked for before the figures.
    await until(async () => !(await cells(page, 'Ended, a minute', 'done')).includes('–'), 10_000, 'figures are there')
    const [, least = '', most = ''] = await cells(page, 'Run', 'p99')
    expect(`${least} ${most}`).toMatch(/\d.*\d/)
    await page.getByRole('link', { name: '7 d' }).click()
    await page.waitForURL(/range=7d/)
    await until(async () => (await drawn(page)) === 5, 10_000, 'they are drawn anew')
    expect(problems).toEqual([])
  })

  it('have a scale by powers for durations, part of the link, and nothing moves', async () => {
    const { page, problems } = await openPage(web, '/queues/scale?range=24h')
    await until(async () => (await drawn(page)) === 5, 10_000, 'all are drawn')
    const picture = () =>
      page.evaluate<string[]>(`[...document.querySelectorAll('.history canvas')].map((canvas) => canvas.toDataURL())`)
    const places = () =>
      page.evaluate<number[]>(`[...document.querySelectorAll('.chart')].map((one) => one.getBoundingClientRect().top)`)
    const [before, tops] = [await picture(), await places()]
    await page.getByRole('link', { name: 'log', exact: true }).click()
    await page.waitForURL(/scale=log/)
    await until(async () => (await picture())[2] !== before[2], 10_000, 'the runs are drawn by powers')
    const after = await picture()
    expect(after[1]).not.toBe(before[1])
    expect(await places()).toEqual(tops)
    await page.reload()
    await page.getByRole('link', { name: 'log', exact: true }).and(page.locator('[aria-current]')).waitFor()
    expect(problems).toEqual([])
  })

  it('keep their size when data come, and when a time is pointed at', async () => {
    const { page, problems } = await openPage(web)
    let answer: () => void = () => undefined
    const isAsked = new Promise<void>((resolve) => {
      answer = resolve
    })
    await page.route('**/api/v1/stats?*by=*', async (route) => {
      await isAsked
      await route.continue()
    })
    await page.goto(`${web.url}/queues/export?range=24h`)
    const heights = () =>
      page.evaluate<number[]>(
        `[...document.querySelectorAll('.chart')].map((one) => one.getBoundingClientRect().height)`,
      )
    await page.getByRole('figure').first().waitFor()
    const before = await heights()
    expect(before.length).toBe(5)
    answer()
    await until(async () => !(await cells(page, 'Run', 'p99')).includes('–'), 10_000, 'the data are there')
    expect(await heights()).toEqual(before)
    await page.locator('.chart .u-over').nth(2).hover()
    await page.locator('.chart-title .legend').first().waitFor()
    expect(await heights()).toEqual(before)
    expect(problems).toEqual([])
  })

  it('say so where nothing happened', async () => {
    const { page, problems } = await openPage(web, '/queues/idle')
    await page.getByText('Nothing happened in the last 1 h').waitFor()
    expect(problems).toEqual([])
  })

  it('know after a restart of the daemon what they knew before', async () => {
    for (let n = 0; n < 7; n += 1) await web.send('POST', '/queues/live/items', { param1: String(n) })
    await until(() => readdirSync(join(root, 'queue/live/que')).length === 0, 10_000, 'all are taken')
    await until(async () => (await total()) === 7, 10_000, 'all are counted')
    await web.daemon.stop()
    web = await startWeb(root)
    expect(await total()).toBe(7)
    const { page, problems } = await openPage(web, '/queues/live')
    await page.getByRole('table', { name: 'Ended, a minute' }).waitFor({ state: 'attached' })
    const most = async () => Number((await cells(page, 'Ended, a minute', 'done'))[2])
    await until(async () => (await most()) > 0, 10_000, 'what was done is shown')
    expect(problems).toEqual([])
  })

  it('are shown on a phone when they are asked for', async () => {
    const { page } = await openPage(web, '/queues/scale', LOOKS.phone)
    await page.getByRole('button', { name: 'History', expanded: false }).click()
    await until(async () => (await drawn(page)) === 5, 10_000, 'all are drawn')
  })

  it.each([
    ['log', '/queues/scale?range=24h&scale=log'],
    ['linear', '/queues/scale?range=24h'],
    ['idle', '/queues/idle'],
  ] as const)('are accessible and fit: %s', async (name, path) => {
    const { page, problems } = await openPage(web, path)
    await inEachLook(page, async (look) => {
      await until(async () => (await drawn(page)) === 5, 10_000, 'all are drawn')
      if (name === 'idle') await page.getByText('Nothing happened').waitFor()
      else await until(async () => !(await cells(page, 'Run', 'p99')).includes('–'), 10_000, 'their data are there')
      await shot(page, `queue-charts-${name}-${look}`)
    })
    expect(problems).toEqual([])
    await page.context().close()
  })
})
