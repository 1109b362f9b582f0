/** The page of one item: what it tells, and each thing that is done there by clicking or keys, checked on disk. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { violationsOf } from '../helpers/axe.ts'
import { hasBrowser, openPage } from '../helpers/browser.ts'
import { makeQueue, tempRoot } from '../helpers/daemon.ts'
import { inEachLook } from '../helpers/looks.ts'
import { until } from '../helpers/until.ts'
import { startWeb, type Web } from '../helpers/web.ts'

const FAILS =
  '#!/bin/sh\nprintf "\\033[31mred\\033[0m plain\\n"; echo "fail no such customer" >&3; [ "$RQ_PARAM1" = good ] && exit 0; exit 1\n'

async function inject(web: Web, queue: string, body: object): Promise<string> {
  const response = await web.send('POST', `/queues/${queue}/items`, body)
  const { value } = (await response.json()) as { value: { ids: string[] } }
  return value.ids[0] ?? ''
}

function names(root: string, queue: string, state: string): readonly string[] {
  const path = join(root, 'queue', queue, state)
  return existsSync(path) ? readdirSync(path) : []
}

async function arrives(root: string, queue: string, state: string, id: string): Promise<void> {
  await until(() => names(root, queue, state).some((name) => name.startsWith(id)), 10_000, `${id} is in ${state}`)
}

it.skipIf(!hasBrowser)('an item that failed: its story, its log, retry, remove and undo', async () => {
  const root = tempRoot()
  makeQueue(root, 'mail', FAILS)
  const web = await startWeb(root)
  const id = await inject(web, 'mail', { param1: 'bad', params: { account: 7 } })
  await arrives(root, 'mail', '_err', id)
  const { page, problems } = await openPage(web, `/items/mail/${id}`)
  await inEachLook(page, () => page.getByText('red plain').waitFor())
  await page.getByLabel('Why').getByText('no such customer').waitFor()
  const timeline = page.getByRole('region', { name: 'Timeline' })
  await timeline.getByText('Attempt 1').waitFor()
  await timeline.getByText('exit 1').waitFor()
  await page.keyboard.press('r')
  await timeline.getByText('Attempt 2').waitFor()
  expect(JSON.parse(readFileSync(join(root, 'queue/mail/_err', id, 'msg'), 'utf8')).attempts).toHaveLength(2)
  await page.getByRole('button', { name: 'Remove', exact: true }).click()
  await page.getByRole('button', { name: 'Remove it' }).click()
  await page.getByText('This item was removed').waitFor()
  expect(names(root, 'mail', '_err')).toEqual([])
  await page.getByRole('button', { name: 'Bring it back' }).click()
  await timeline.waitFor()
  expect(names(root, 'mail', '_err')).toEqual([id])
  // That what was asked for is not there any more is how the page learns of it.
  expect(problems.filter((problem) => !problem.includes('404'))).toEqual([])
  await web.daemon.stop()
})

it.skipIf(!hasBrowser)('an item that waits: why, and what can be changed while it does', async () => {
  const root = tempRoot()
  makeQueue(root, 'mail', FAILS)
  makeQueue(root, 'slow', '#!/bin/sh\nexit 0\n')
  const web = await startWeb(root)
  await web.send('POST', '/queues/mail/pause', {})
  await web.send('POST', '/queues/slow/pause', {})
  const id = await inject(web, 'mail', { param1: 'good', params: { account: '12345678901234567890' } })
  const { page, problems } = await openPage(web, `/items/mail/${id}`)
  await page.getByRole('button', { name: 'Resume mail' }).waitFor()
  expect(await violationsOf(page)).toEqual([])
  await page.getByLabel('Priority').selectOption('1')
  await until(() => names(root, 'mail', 'que').includes(`${id}.msg,p1`), 5_000, 'its priority is in its name')
  await page.getByLabel('Add a tag').fill('eu')
  await page.getByLabel('Add a tag').press('Enter')
  await until(() => names(root, 'mail', 'que').includes(`${id}.msg,p1,+eu`), 5_000, 'its tag is in its name')
  await page.getByRole('button', { name: 'Hold' }).click()
  await arrives(root, 'mail', 'pause', id)
  await page.getByRole('button', { name: 'Move…' }).click()
  await page.getByRole('button', { name: 'Move it' }).click()
  await arrives(root, 'slow', 'pause', id)
  await page.waitForURL(/items\/slow/)
  await page.getByRole('button', { name: 'Release' }).click()
  await arrives(root, 'slow', 'que', id)
  await page.getByRole('button', { name: 'Resume slow' }).click()
  await page.getByLabel('Timeline').getByText('done', { exact: true }).first().waitFor()
  // It may be looked for in the queue that it has just left.
  expect(problems.filter((problem) => !problem.includes('404'))).toEqual([])
  await web.daemon.stop()
})

it.skipIf(!hasBrowser)('a message is edited, but not over what somebody else wrote meanwhile', async () => {
  const root = tempRoot()
  makeQueue(root, 'mail', FAILS)
  const web = await startWeb(root)
  await web.send('POST', '/queues/mail/pause', {})
  const id = await inject(web, 'mail', { param1: 'old' })
  const { page, problems } = await openPage(web, `/items/mail/${id}`)
  await page.getByRole('button', { name: 'Edit', exact: true }).click()
  const editor = page.getByLabel('Message, JSON')
  await editor.fill('{ "param1": ')
  expect(await page.getByRole('button', { name: 'Save', exact: true }).isDisabled()).toBe(true)
  await web.send('PATCH', `/items/mail/${id}`, { set: ['param2=theirs'] })
  await editor.fill('{ "params": { "big": 12345678901234567890 } }')
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await page.getByText('was changed meanwhile').waitFor()
  const msg = () => readFileSync(join(root, 'queue/mail/que', `${id}.msg`), 'utf8')
  expect(msg()).toContain('theirs')
  await page.getByRole('button', { name: 'Keep mine' }).click()
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await until(() => msg().includes('12345678901234567890'), 5_000, 'the message is written, its number exact')
  await page.getByLabel('Message', { exact: true }).getByText('12345678901234567890').waitFor()
  expect(problems.filter((problem) => !problem.includes('409'))).toEqual([])
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'Duplicate…' }).click()
  await page.getByRole('button', { name: 'Duplicate it' }).click()
  await until(() => names(root, 'mail', 'que').length === 2, 5_000, 'there are two of it')
  await web.daemon.stop()
})
