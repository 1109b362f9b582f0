/** The pages across queues: causes, what comes, schedules, workers, the picture, search, trash; each change checked on disk. */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { hasBrowser, openPage } from '../helpers/browser.ts'
import { makeQueue, tempRoot } from '../helpers/daemon.ts'
import { until } from '../helpers/until.ts'
import { startWeb, type Web } from '../helpers/web.ts'

async function inject(web: Web, queue: string, body: object): Promise<string> {
  const response = await web.send('POST', `/queues/${queue}/items`, body)
  return ((await response.json()) as { value: { ids: string[] } }).value.ids[0] ?? ''
}

function names(root: string, queue: string, state: string): readonly string[] {
  const path = join(root, 'queue', queue, state)
  return existsSync(path) ? readdirSync(path) : []
}

it.skipIf(!hasBrowser)('what is to come runs now, or is called off and brought back', async () => {
  const root = tempRoot()
  makeQueue(root, 'mail')
  const web = await startWeb(root)
  await web.send('POST', '/queues/mail/pause', {})
  for (const time of ['2h', '26h']) await inject(web, 'mail', { in: time })
  const later = () => names(root, 'mail', 'que').filter((name) => name.includes(',t')).length
  const { page, problems } = await openPage(web, '/upcoming?tab=delayed')
  const boxes = page.getByRole('checkbox', { name: /^Mark mail/ })
  await boxes.first().click()
  await page.getByRole('button', { name: 'Run now 1' }).click()
  await until(() => later() === 1, 5_000, 'one need not wait')
  await page.mouse.move(0, 0)
  await page.evaluate('document.activeElement.blur()')
  await until(async () => (await boxes.count()) === 1, 10_000, 'one is left')
  await boxes.first().click()
  await page.getByRole('button', { name: 'Remove 1' }).click()
  await until(() => later() === 0, 5_000, 'it is removed')
  await page.getByRole('button', { name: 'Undo' }).click()
  await until(() => later() === 1, 5_000, 'it is back')
  await page.goto(`${web.url}/audit`)
  await page.getByRole('table', { name: 'Audit' }).getByText('undo').first().waitFor()
  expect(problems).toEqual([])
  await web.daemon.stop()
})

it.skipIf(!hasBrowser)('the picture shows which queue leads where', async () => {
  const root = tempRoot()
  makeQueue(root, 'import', '#!/bin/sh\nexit 99\n', { relay_to: 'mail' })
  makeQueue(root, 'mail', '#!/bin/sh\nexit 1\n', { relay_to: 'nowhere' })
  const web = await startWeb(root)
  await inject(web, 'import', { params: { customer: 4711 } })
  await until(() => names(root, 'mail', '_err').length === 1, 10_000, 'it was handed on, and failed')
  const { page, problems } = await openPage(web, '/graph')
  await page.getByText('nowhere (no such queue)').waitFor()
  await page.locator('svg .node').nth(2).waitFor()
  expect(problems).toEqual([])
  await web.daemon.stop()
})
