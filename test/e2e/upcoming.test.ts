/** What comes later: each action by clicking or keys, then looked for on the disk. */
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { hasBrowser, openPage } from '../helpers/browser.ts'
import { makeQueue, tempRoot } from '../helpers/daemon.ts'
import { expectGoodLooks } from '../helpers/looks.ts'
import { namesIn } from '../helpers/rq.ts'
import { until } from '../helpers/until.ts'
import { startWeb, type Web } from '../helpers/web.ts'

const FAILS = '#!/bin/sh\necho "fail timeout after 31s" >&3\nexit 1\n'

describe.skipIf(!hasBrowser)('the page of what comes later', () => {
  const root = tempRoot()
  const dir = (queue: string) => join(root, 'queue', queue)
  let web: Web
  const inject = async (queue: string, body: object) => {
    const response = await web.send('POST', `/queues/${queue}/items`, body)
    const { value } = (await response.json()) as { value: { ids: string[] } }
    return value.ids[0] ?? ''
  }
  const dueOf = (queue: string, id: string) =>
    namesIn(dir(queue), 'que')
      .find((name) => name.startsWith(id))
      ?.match(/,t(\d+)/)?.[1]
  const waiting = (queue: string) => namesIn(dir(queue), 'que').length
  beforeAll(async () => {
    makeQueue(root, 'mail')
    makeQueue(root, 'slow')
    makeQueue(root, 'flaky', FAILS, { retry: { limit: 5, base: '2h' } })
    // One item waits within the spread, and no other comes as long as it does.
    makeQueue(root, 'report', undefined, {
      schedules: { often: { every: '1s', spread: '30d', src: 'our own', tags: ['nightly'] } },
    })
    web = await startWeb(root)
    await inject('flaky', { tag: ['eu'] })
    await until(() => waiting('report') === 1 && namesIn(dir('flaky'), 'que').some((name) => name.includes(',t')))
    // Whatever is due now stays where one can look at it.
    await web.send('POST', '/pause', { all: true })
  })
  afterAll(async () => web.daemon.stop())
  let ids: string[] = []
  beforeEach(async () => {
    await web.send('POST', '/bulk/rm', { queues: ['mail', 'slow'], where: '(que | held)' })
    ids = []
    for (const [n, wait] of ['10m', '3h', '3d'].entries())
      ids.push(await inject('mail', { in: wait, tag: [n === 0 ? 'eu' : 'us'] }))
    ids.push(await inject('slow', { in: '5h' }))
  })
  const open = async (path = '/upcoming?tab=delayed') => {
    const opened = await openPage(web, path)
    await opened.page.locator('tbody tr[data-key]').first().waitFor()
    return opened
  }
  const rows = (page: Page) =>
    page.locator('tbody tr[data-key]').evaluateAll((all) => all.map((row) => row.getAttribute('data-key')))

  it('is dark, light and narrow, and accessible in each', async () => {
    await expectGoodLooks(web, '/upcoming?tab=delayed', 'upcoming', 'in 9m')
    await expectGoodLooks(web, '/upcoming?tab=retrying', 'upcoming-retrying', 'timeout after 31s')
    await expectGoodLooks(web, '/upcoming?filter=queue:mail', 'upcoming-none', 'Nothing matches')
  })

  it('tells by tabs what a schedule made, what was put off, and what is tried again', async () => {
    const { page, problems } = await openPage(web)
    await page.getByRole('heading', { name: 'Queues' }).waitFor()
    await page.keyboard.press('g')
    await page.keyboard.press('u')
    await page.waitForURL(/\/upcoming$/)
    const [ofSchedule = ''] = namesIn(dir('report'), 'que')
    await page.getByText('Made by a schedule').waitFor()
    await until(async () => (await rows(page)).length === 1)
    expect((await rows(page))[0]).toBe(`report/${ofSchedule.split('.msg')[0]}`)
    await page.getByRole('link', { name: /^Delayed/ }).click()
    await page.waitForURL(/tab=delayed/)
    await until(async () => (await rows(page)).length === 4)
    expect(await rows(page)).toEqual(
      [ids[0], ids[1], ids[3], ids[2]].map((id, n) => `${n === 2 ? 'slow' : 'mail'}/${id}`),
    )
    await page.getByRole('link', { name: /^Retrying/ }).click()
    await until(async () => (await rows(page)).every((key) => key?.startsWith('flaky/')))
    await page.getByText('timeout after 31s').waitFor()
    expect(problems).toEqual([])
  })

  it('groups by the hour, and says when in words and exactly', async () => {
    const { page } = await open()
    const heads = await page.locator('tr.group').allTextContents()
    expect(heads.length).toBeGreaterThanOrEqual(3)
    expect(heads[0]).toMatch(/^(Today|Tomorrow), \d\d:00 \d item/)
    const time = page.locator('tbody time').first()
    expect(await time.textContent()).toMatch(/^in (9|10)m$/)
    const due = new Date(Number(dueOf('mail', ids[0] ?? '')) * 1000).toISOString()
    expect(await time.getAttribute('title')).toContain(due)
  })

  it('is filtered by a query that is part of the link', async () => {
    const { page } = await open()
    await page.getByLabel('Filter').fill('tag:eu')
    await page.waitForURL(/filter=tag/)
    await until(async () => (await rows(page)).join() === `mail/${ids[0]}`)
    await page.getByLabel('Filter').fill('tag:(')
    await page.getByRole('alert').waitFor()
  })

  it('runs now the row that one stands on, by a key', async () => {
    const { page } = await open()
    await page.keyboard.press('j')
    await page.keyboard.press('r')
    await page.getByText('need not wait any longer').waitFor()
    expect(dueOf('mail', ids[0] ?? '')).toBeUndefined()
    expect(dueOf('mail', ids[1] ?? '')).toBeDefined()
  })

  it('removes what is marked in several queues, and brings it back to its time', async () => {
    const before = ids.map((id, n) => dueOf(n === 3 ? 'slow' : 'mail', id))
    const { page } = await open()
    await page.getByRole('checkbox', { name: `Mark mail/${ids[1]}` }).click()
    await page.getByRole('checkbox', { name: `Mark slow/${ids[3]}` }).click()
    await page.getByRole('button', { name: 'Remove 2' }).click()
    await page.getByText('2 removed').waitFor()
    expect([waiting('mail'), waiting('slow')]).toEqual([2, 0])
    await page.getByRole('button', { name: 'Undo' }).click()
    await until(() => waiting('mail') === 3 && waiting('slow') === 1)
    expect(ids.map((id, n) => dueOf(n === 3 ? 'slow' : 'mail', id))).toEqual(before)
  })

  it('moves to a time that is chosen', async () => {
    const { page } = await open()
    await page.getByRole('checkbox', { name: `Mark mail/${ids[0]}` }).click()
    await page.getByRole('button', { name: 'Move 1', exact: true }).click()
    await page.getByLabel('Not before', { exact: true }).fill('2031-05-06T07:08:09')
    await page.getByRole('dialog').getByRole('button', { name: 'Move' }).click()
    await page.getByText(/1 moved/).waitFor()
    const local = await page.evaluate("new Date('2031-05-06T07:08:09').getTime() / 1000")
    expect(dueOf('mail', ids[0] ?? '')).toBe(String(local))
    await page
      .getByText(/May.*2031/)
      .first()
      .waitFor()
  })

  it('moves to another queue, by keys', async () => {
    const { page } = await open()
    for (const key of ['j', 'x', 'j', 'x', 'm']) await page.keyboard.press(key)
    await page.getByLabel('To the queue').selectOption('slow')
    await page.getByRole('dialog').getByRole('button', { name: 'Move' }).click()
    await page.getByText(/2 moved to slow/).waitFor()
    expect([waiting('mail'), waiting('slow')]).toEqual([1, 3])
    expect(dueOf('slow', ids[0] ?? '')).toBeDefined()
  })

  it('does it with all that match, once they were counted, and with no other', async () => {
    const { page } = await open('/upcoming?tab=delayed&filter=queue:mail')
    await page.getByRole('button', { name: 'Run now all…' }).click()
    await page.getByRole('button', { name: 'Run now 3 items' }).click()
    await page.getByText('3 need not wait any longer').waitFor()
    expect(ids.slice(0, 3).map((id) => dueOf('mail', id))).toEqual([undefined, undefined, undefined])
    expect(dueOf('slow', ids[3] ?? '')).toBeDefined()
    expect(namesIn(dir('report'), 'que')[0]).toContain(',t')
    expect(namesIn(dir('flaky'), 'que')[0]).toContain(',t')
  })

  it('goes on page by page', async () => {
    for (let at = 0; at < 102; at += 34)
      await Promise.all(Array.from({ length: 34 }, (_, n) => inject('slow', { in: `${10 + at + n}h` })))
    const { page } = await open()
    // Not all of them are drawn: all are marked, and the buttons say how many.
    await page.keyboard.press('a')
    await page.getByRole('button', { name: 'Hold 100', exact: true }).waitFor()
    await page.getByRole('main').getByRole('button', { name: 'More' }).click()
    await until(async () => {
      await page.keyboard.press('a')
      return (await page.getByRole('button', { name: 'Hold 106', exact: true }).count()) === 1
    })
    await until(async () => (await page.getByRole('main').getByRole('button', { name: 'More' }).count()) === 0)
  })
})
