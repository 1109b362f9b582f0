import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { violationsOf } from '../helpers/axe.ts'
import { hasBrowser, openPage } from '../helpers/browser.ts'
import { makeQueue, tempRoot } from '../helpers/daemon.ts'
import { inEachLook } from '../helpers/looks.ts'
import { until } from '../helpers/until.ts'
import { startWeb, type Web } from '../helpers/web.ts'

describe.skipIf(!hasBrowser)('the overview', () => {
  const root = tempRoot()
  let web: Web

  beforeAll(async () => {
    makeQueue(root, 'alpha')
    makeQueue(root, 'mail')
    makeQueue(root, 'mail-slow')
    makeQueue(root, 'zulu', '#!/no/such/interpreter\n')
    for (const name of ['a', 'b', 'c']) drop('zulu', name)
    const held = join(root, 'queue/mail/pause')
    mkdirSync(held, { recursive: true })
    writeFileSync(join(held, 'kept'), 'x')
    web = await startWeb(root)
  })
  afterAll(() => web.daemon.stop())

  function drop(queue: string, name: string): void {
    writeFileSync(join(root, 'queue', queue, 'que', `.${name}`), 'x')
    renameSync(join(root, 'queue', queue, 'que', `.${name}`), join(root, 'queue', queue, 'que', name))
  }

  it('shows first what is wrong, in words', async () => {
    const { page, problems } = await openPage(web)
    const first = page.getByRole('row').nth(1)
    await first.getByRole('link', { name: 'zulu' }).waitFor()
    await first.getByText('/no/such/interpreter').waitFor()
    expect(await first.getByRole('link', { name: '3', exact: true }).getAttribute('href')).toContain('tab=pending')
    expect(problems).toEqual([])
  })

  it('filters and sorts by links', async () => {
    const { page, problems } = await openPage(web, '/?q=mail*')
    await page.getByRole('link', { name: 'mail-slow' }).waitFor()
    const names = () => page.locator('.queue-name').allTextContents()
    expect(await names()).toEqual(['mail', 'mail-slow'])
    await page.getByRole('link', { name: 'Held' }).click()
    expect(new URL(page.url()).searchParams.get('sort')).toBe('held')
    await page.getByRole('link', { name: 'Held' }).click()
    expect(new URL(page.url()).searchParams.get('reverse')).toBe('true')
    await until(async () => (await names())[0] === 'mail-slow', 10_000, 'the order is turned')
    await page.keyboard.press('/')
    await page.locator('input:focus').waitFor()
    await page.keyboard.press('ControlOrMeta+a')
    await page.keyboard.type('alp')
    await until(async () => (await names()).join() === 'alpha', 10_000, 'only alpha is shown')
    expect(problems).toEqual([])
  })

  it('pauses a queue by a click, resumes it by a key, and another tab sees it', async () => {
    const flag = join(root, 'queue/alpha/_paused')
    const { page, problems } = await openPage(web)
    const other = await openPage(web)
    await page.getByRole('button', { name: 'Pause alpha' }).click()
    await until(() => existsSync(flag), 5_000, 'alpha is paused')
    await other.page.getByRole('button', { name: 'Resume alpha' }).waitFor()
    await page.locator('tr[data-key=alpha]').focus()
    await page.keyboard.press('p')
    await until(() => !existsSync(flag), 5_000, 'alpha goes on')
    await other.page.getByRole('button', { name: 'Pause alpha' }).waitFor()
    expect([...problems, ...other.problems]).toEqual([])
  })

  it('is walked by keys, and Enter opens the queue', async () => {
    const { page } = await openPage(web, '/?sort=queue')
    await page.getByRole('link', { name: 'zulu' }).waitFor()
    await page.keyboard.press('j')
    await page.keyboard.press('j')
    await page.keyboard.press('k')
    await page.keyboard.press('j')
    await page.keyboard.press('Enter')
    await page.waitForURL('**/queues/mail')
  })

  it('keeps rows in their places under the pointer', async () => {
    const { page } = await openPage(web, '/?sort=queue')
    await page.getByRole('link', { name: 'mail', exact: true }).hover()
    makeQueue(root, 'aaa')
    await page.getByRole('button', { name: '1 new' }).waitFor({ timeout: 15_000 })
    expect((await page.locator('.queue-name').allTextContents())[0]).toBe('alpha')
    await page.getByRole('button', { name: '1 new' }).click()
    await until(async () => (await page.locator('.queue-name').allTextContents())[0] === 'aaa', 3_000, 'aaa is shown')
  })

  it('shows the columns that were chosen, also by a link', async () => {
    const { page } = await openPage(web)
    await page.getByRole('button', { name: 'Columns' }).click()
    await page.getByRole('checkbox', { name: 'Run p99' }).check()
    await page.getByRole('columnheader', { name: 'Run p99' }).waitFor()
    const chosen = page.url()
    const other = await openPage(web, chosen.slice(web.url.length))
    await other.page.getByRole('columnheader', { name: 'Run p99' }).waitFor()
  })

  it('is accessible in dark and in light, and no wider than a phone', async () => {
    const { page } = await openPage(web)
    await inEachLook(page, () => page.getByRole('link', { name: 'zulu' }).waitFor())
  })
})

it.skipIf(!hasBrowser)('where there is no queue, one is made by a form', async () => {
  const root = tempRoot()
  const web = await startWeb(root)
  const { page, problems } = await openPage(web)
  await page.getByText('There is no queue yet').waitFor()
  expect(await violationsOf(page)).toEqual([])
  await page.getByPlaceholder('thumbnails', { exact: true }).fill('thumbnails')
  await page.getByPlaceholder('/usr/local/bin/make-thumbnail').fill('wc -c')
  await page.getByRole('button', { name: 'Make the queue' }).click()
  await page.getByRole('heading', { name: 'thumbnails' }).waitFor({ timeout: 15_000 })
  expect(existsSync(join(root, 'queue/thumbnails/handler'))).toBe(true)
  expect(problems).toEqual([])
  await web.daemon.stop()
})
