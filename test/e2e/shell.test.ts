import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hasBrowser, openPage } from '../helpers/browser.ts'
import { makeQueue, tempRoot } from '../helpers/daemon.ts'
import { LOOKS } from '../helpers/looks.ts'
import { until } from '../helpers/until.ts'
import { startWeb, type Web } from '../helpers/web.ts'

describe.skipIf(!hasBrowser)('the frame of the pages', () => {
  const root = tempRoot()
  let web: Web

  beforeAll(async () => {
    for (const name of ['mail', 'mail-slow', 'reports']) makeQueue(root, name, '#!/bin/sh\nexit 1\n')
    web = await startWeb(root)
  })
  afterAll(() => web.daemon.stop())

  it('pauses all queues after it was confirmed, and resumes them', async () => {
    const { page, problems } = await openPage(web)
    await page.getByRole('button', { name: 'Pause all' }).click()
    expect(existsSync(join(root, '_paused'))).toBe(false)
    await page.getByRole('dialog').getByRole('button', { name: 'Pause all' }).click()
    await page.getByText('Everything is paused').waitFor()
    expect(existsSync(join(root, '_paused'))).toBe(true)
    await page.getByRole('button', { name: 'Resume all' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Resume all' }).click()
    await until(() => !existsSync(join(root, '_paused')), 5_000, 'the root is resumed')
    await page.getByText('Everything is paused').waitFor({ state: 'hidden' })
    expect(problems).toEqual([])
  })

  it('leads to a queue by a few letters, and to an item by a part of its id', async () => {
    const response = await web.send('POST', '/queues/reports/items', { param1: 'x' })
    expect(response.status).toBe(200)
    const { value } = (await response.json()) as { value: { ids: string[] } }
    const [id = ''] = value.ids
    const { page, problems } = await openPage(web)
    await page.getByRole('link', { name: 'mail-slow' }).waitFor()
    await page.keyboard.press('Control+k')
    await page.locator('dialog input').waitFor()
    await page.keyboard.type('slow')
    await page.keyboard.press('Enter')
    await page.waitForURL('**/queues/mail-slow')
    await page.keyboard.press('Control+k')
    await page.locator('dialog input').waitFor()
    await page.keyboard.type(id.slice(-6))
    await page.getByRole('option', { name: id }).click()
    await page.waitForURL(`**/items/reports/${id}`)
    expect(problems).toEqual([])
  })

  it('lists the keys, and goes where they lead', async () => {
    const { page, problems } = await openPage(web, '/queues/mail')
    await page.getByRole('heading', { name: 'mail', exact: true }).waitFor()
    await page.keyboard.press('?')
    await page.getByRole('dialog', { name: 'Keys' }).getByText('go to Overview').waitFor()
    // Under a dialog no key does anything.
    await page.keyboard.press('g')
    await page.keyboard.press('q')
    expect(new URL(page.url()).pathname).toBe('/queues/mail')
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await page.keyboard.press('g')
    await page.keyboard.press('q')
    await page.getByRole('heading', { name: 'Queues' }).waitFor()
    expect(problems).toEqual([])
  })

  it('has its menu on a phone, and nothing is wider than it', async () => {
    const { page, problems } = await openPage(web, '/queues/mail', { viewport: LOOKS.phone.viewport })
    await page.getByRole('button', { name: 'Pages' }).click()
    await page.getByRole('link', { name: 'Overview' }).click()
    await page.getByRole('heading', { name: 'Queues' }).waitFor()
    await page.getByRole('link', { name: 'mail-slow' }).waitFor()
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true)
    expect(problems).toEqual([])
  })

  it('keeps the colours that were chosen', async () => {
    const { page } = await openPage(web)
    const ground = () => page.evaluate('getComputedStyle(document.body).backgroundColor')
    await page.getByRole('button', { name: /^Signed in as/ }).click()
    await page.getByRole('button', { name: 'Colours: system' }).click()
    await page.getByRole('button', { name: 'Colours: dark' }).waitFor()
    const dark = await ground()
    await page.reload()
    await page.getByRole('heading', { name: 'Queues' }).waitFor()
    expect(await ground()).toBe(dark)
  })
})

it.skipIf(!hasBrowser)('a page comes back by itself after the daemon was killed, and is still signed in', async () => {
  const root = tempRoot()
  const mail = makeQueue(root, 'mail')
  const first = await startWeb(root)
  const { page } = await openPage(first)
  await page.locator('.connection.live').waitFor()
  await first.daemon.stop('SIGKILL')
  await page.locator('.connection.lost').waitFor({ timeout: 20_000 })
  const second = await startWeb(root, { env: { RQD_HTTP: new URL(first.url).host } })
  await page.locator('.connection.live').waitFor({ timeout: 30_000 })
  makeQueue(root, 'made-meanwhile')
  await page.getByRole('link', { name: 'made-meanwhile' }).waitFor({ timeout: 15_000 })
  expect(existsSync(mail)).toBe(true)
  await second.daemon.stop()
})
