import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { hasBrowser, openPage } from '../helpers/browser.ts'
import { makeQueue, tempRoot } from '../helpers/daemon.ts'
import { inEachLook } from '../helpers/looks.ts'
import { until } from '../helpers/until.ts'
import { startWeb, type Web } from '../helpers/web.ts'

describe.skipIf(!hasBrowser)('the page of a queue', () => {
  const root = tempRoot()
  let web: Web

  beforeAll(async () => {
    for (const name of ['mail', 'other', 'live', 'many']) {
      makeQueue(root, name, '#!/bin/sh\necho "fail no such user" >&3\nexit 1\n')
      writeFileSync(join(root, 'queue', name, '_paused'), '')
    }
    makeQueue(root, 'slow', '#!/bin/sh\nsleep 100\n')
    makeQueue(root, 'brief', '#!/bin/sh\nexit 1\n')
    web = await startWeb(root)
  })
  afterAll(() => web.daemon.stop())
  beforeEach(async () => {
    for (const state of ['que', 'pause', '_err']) await web.send('POST', '/bulk/rm', { queues: ['mail'], where: state })
  })

  const names = (state: string, queue = 'mail') => {
    const dir = join(root, 'queue', queue, state)
    return existsSync(dir) ? readdirSync(dir).filter((name) => !name.startsWith('.')) : []
  }
  const idsOf = async (count: number, queue = 'mail', more: object = {}) => {
    const ids: string[] = []
    for (let n = 0; n < count; n += 1) {
      const response = await web.send('POST', `/queues/${queue}/items`, { param1: `p${n}`, ...more })
      const { value } = (await response.json()) as { value: { ids: string[] } }
      ids.push(...value.ids)
    }
    return ids
  }
  const row = (page: Page, id: string | undefined) => page.locator(`tr[data-key="${id}"]`)

  it('holds what is marked with x by h, and releases it by a click', async () => {
    const [first, second, third] = await idsOf(3)
    const { page, problems } = await openPage(web, '/queues/mail?tab=waiting')
    await row(page, first).waitFor()
    await page.keyboard.press('j')
    await page.keyboard.press('x')
    await page.keyboard.press('j')
    await page.keyboard.press('x')
    await page.keyboard.press('h')
    await until(() => names('pause').length === 2, 10_000, 'two are held')
    expect(names('que').join()).toContain(third ?? '?')
    await page.getByRole('link', { name: /^Held/ }).click()
    await row(page, first).getByRole('checkbox').click()
    await row(page, second)
      .getByRole('checkbox')
      .click({ modifiers: ['Shift'] })
    await page.getByRole('button', { name: 'Release 2' }).click()
    await until(() => names('que').length === 3 && names('pause').length === 0, 10_000, 'both wait again')
    expect(problems).toEqual([])
  })

  it('removes one by #, and brings it back by Undo', async () => {
    const [id] = await idsOf(1)
    const { page } = await openPage(web, '/queues/mail?tab=waiting')
    await row(page, id).focus()
    await page.keyboard.press('#')
    await until(() => names('que').length === 0, 10_000, 'it is removed')
    await page.getByRole('button', { name: 'Undo' }).click()
    await until(
      () =>
        names('que')
          .join()
          .includes(id ?? '?'),
      10_000,
      'it is back',
    )
  })

  it('moves to another queue, with priority and tags, by a form', async () => {
    const [id] = await idsOf(1)
    const { page, problems } = await openPage(web, '/queues/mail?tab=waiting')
    await row(page, id).focus()
    await page.keyboard.press('m')
    await page.getByLabel('To the queue').selectOption('other')
    await page.getByLabel('Priority').selectOption('1')
    await page.getByLabel('Add tags').fill('eu slow')
    await page.getByRole('dialog').getByRole('button', { name: 'Move' }).click()
    await until(() => names('que', 'other').length === 1, 10_000, 'it is in the other queue')
    expect(names('que', 'other')[0]).toMatch(new RegExp(`^${id}(\\.msg)?,p1,\\+eu,\\+slow(\\.msg)?$`))
    expect(problems).toEqual([])
  })

  it('changes a parameter by a form', async () => {
    const [id] = await idsOf(1)
    const { page } = await openPage(web, '/queues/mail?tab=waiting')
    await row(page, id).focus()
    await page.keyboard.press('e')
    await page.getByLabel('Key', { exact: true }).fill('param.user')
    await page.getByLabel('Text').fill('seven')
    await page.getByRole('dialog').getByRole('button', { name: 'Change' }).click()
    await until(
      async () => JSON.stringify(await web.get(`/items/mail/${id}`)).includes('seven'),
      10_000,
      'it is changed',
    )
  })

  it('runs now what was to run later', async () => {
    const [id] = await idsOf(1, 'mail', { in: '2h' })
    const { page } = await openPage(web, '/queues/mail?tab=scheduled')
    await row(page, id).focus()
    await page.keyboard.press('r')
    await until(() => !/,t\d/.test(names('que').join()), 10_000, 'it need not wait')
    // It keeps its place, dim, as long as one stands in the list.
    await page.locator(`tr.gone[data-key="${id}"]`).waitFor()
    await page.getByRole('combobox', { name: 'Filter' }).focus()
    await row(page, id).waitFor({ state: 'detached' })
  })

  it('filters, says what is wrong with a filter, and proposes what could follow', async () => {
    const [plain] = await idsOf(1)
    const [tagged] = await idsOf(1, 'mail', { tag: ['eu'] })
    const { page } = await openPage(web, '/queues/mail?tab=waiting')
    await row(page, plain).waitFor()
    await page.keyboard.press('/')
    await page.locator('input:focus').waitFor()
    await page.keyboard.type('ta')
    await page.getByRole('option', { name: /^tag:/ }).click()
    await page.getByRole('option', { name: /^tag:eu/ }).click()
    await row(page, plain).waitFor({ state: 'detached' })
    await row(page, tagged).waitFor()
    expect(new URL(page.url()).searchParams.get('filter')).toBe('tag:eu')
    await page.getByRole('combobox', { name: 'Filter' }).fill('tagg:eu')
    await page.getByRole('alert').filter({ hasText: 'did you mean "tag"' }).waitFor()
  })

  it('kills what runs', async () => {
    const [id] = await idsOf(1, 'slow')
    const { page } = await openPage(web, '/queues/slow?tab=running')
    await row(page, id).waitFor({ timeout: 15_000 })
    await row(page, id).getByRole('checkbox').click()
    await page.getByRole('button', { name: 'Kill 1' }).click()
    await until(() => names('_err', 'slow').length === 1, 15_000, 'it ended')
  })

  it('changes all that match after saying how many; more than a hundred only if that is typed', async () => {
    mkdirSync(join(root, 'queue/many/_err'), { recursive: true })
    for (let n = 0; n < 130; n += 1) writeFileSync(join(root, `queue/many/_err/file-${n}`), 'x')
    const { page, problems } = await openPage(web, '/queues/many?tab=failed')
    await page.getByRole('main').getByRole('button', { name: 'More' }).click()
    await page.locator('tr[data-key="file-129"]').waitFor()
    await page.getByRole('button', { name: 'Remove all…' }).click()
    const remove = page.getByRole('dialog').getByRole('button', { name: 'Remove 130 items' })
    await remove.waitFor()
    expect(await remove.isDisabled()).toBe(true)
    await page.getByLabel('Type 130 to go on').fill('130')
    await remove.click()
    await until(() => names('_err', 'many').length === 0, 10_000, 'all are removed')
    await page.getByRole('button', { name: 'Undo' }).click()
    await until(() => names('_err', 'many').length === 130, 10_000, 'all are back')
    await page.getByRole('button', { name: 'Retry all…' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Retry 130 items' }).click()
    await until(() => names('que', 'many').length === 130, 10_000, 'all wait again')
    expect(problems).toEqual([])
  })

  it('is live in two tabs, and no row moves under the pointer', async () => {
    const [first] = await idsOf(1, 'live')
    const one = await openPage(web, '/queues/live?tab=waiting')
    const two = await openPage(web, '/queues/live?tab=waiting')
    await row(one.page, first).hover()
    await row(two.page, first).waitFor()
    const [second] = await idsOf(1, 'live', { priority: 0 })
    await row(two.page, second).waitFor({ timeout: 15_000 })
    await one.page.getByRole('button', { name: '1 new' }).waitFor({ timeout: 15_000 })
    expect(await row(one.page, second).count()).toBe(0)
    await one.page.getByRole('button', { name: '1 new' }).click()
    await row(one.page, second).waitFor()
  })

  it('pauses, goes down and gets a new worker', async () => {
    const flag = (name: string) => existsSync(join(root, 'queue/slow', name))
    const { page, problems } = await openPage(web, '/queues/slow')
    await page.getByRole('button', { name: /Pause$/ }).click()
    await until(() => flag('_paused'), 10_000, 'it is paused')
    await page.getByRole('button', { name: /Resume$/ }).waitFor()
    await page.keyboard.press('p')
    await until(() => !flag('_paused'), 10_000, 'it goes on')
    await page.getByRole('button', { name: 'Other switches' }).click()
    await page.getByRole('button', { name: 'Down: refuse new items' }).click()
    await until(() => flag('_down'), 10_000, 'it is down')
    await page.getByText('It is down').waitFor()
    await page.getByRole('button', { name: 'Up: accept items again' }).click()
    await until(() => !flag('_down'), 10_000, 'it is up')
    const status = () => readFileSync(join(root, 'queue/slow/_status.json'), 'utf8')
    const pid = /"pid":\s*(\d+)/.exec(status())?.[1]
    await page.getByRole('button', { name: 'Restart the worker' }).click()
    await page.getByText('slow has a new worker').waitFor({ timeout: 20_000 })
    expect(/"pid":\s*(\d+)/.exec(status())?.[1]).not.toBe(pid)
    expect(problems).toEqual([])
  })

  it('is accessible in dark and in light, and no wider than a phone', async () => {
    await idsOf(2)
    const { page } = await openPage(web, '/queues/mail?tab=waiting')
    await inEachLook(page, () => page.locator('tr[data-key]').first().waitFor())
  })

  it('keeps the list that it began with when items come and go', async () => {
    const { page, problems } = await openPage(web, '/queues/brief')
    const current = page.getByRole('navigation', { name: 'Lists' }).locator('[aria-current]')
    await current.getByText('Done').waitFor()
    await idsOf(1, 'brief')
    await page.getByRole('navigation', { name: 'Lists' }).getByRole('link', { name: 'Failed 1' }).waitFor()
    expect(await current.textContent()).toContain('Done')
    expect(problems).toEqual([])
  })

  it('is there as soon as the queue was made, and says of one that is not that there is none', async () => {
    const { page, problems } = await openPage(web)
    await page.evaluate(`{
      globalThis.denied = false
      new MutationObserver(() => { denied ||= document.body.innerText.includes('There is no queue') })
        .observe(document.body, { childList: true, subtree: true, characterData: true })
    }`)
    await page.getByRole('button', { name: 'New queue' }).click()
    await page.getByLabel('Name', { exact: true }).fill('made')
    await page.getByRole('button', { name: 'Make the queue' }).click()
    await page.getByRole('navigation', { name: 'Lists' }).waitFor()
    expect(await page.evaluate('denied')).toBe(false)
    await page.goto(`${web.url}/queues/nowhere`)
    await page.getByText('There is no queue "nowhere"').waitFor()
    expect(problems.filter((problem) => !problem.includes('404'))).toEqual([])
  })
})
