import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { violationsOf } from '../helpers/axe.ts'
import { hasBrowser, openPage } from '../helpers/browser.ts'
import { makeQueue, tempRoot } from '../helpers/daemon.ts'
import { expectGoodLooks } from '../helpers/looks.ts'
import { shot } from '../helpers/shots.ts'
import { until } from '../helpers/until.ts'
import { startWeb } from '../helpers/web.ts'

it.skipIf(!hasBrowser)(
  'a configuration is checked while it is written, shown as a difference, and saved once',
  async () => {
    const root = tempRoot()
    const queue = makeQueue(root, 'mail', '#!/bin/sh\nexit 0\n')
    const file = join(queue, 'config.json')
    writeFileSync(file, '{\n  "slots": 2\n}\n')
    const web = await startWeb(root)
    const { page, problems } = await openPage(web, '/queues/mail/config')
    const field = page.getByRole('textbox', { name: 'config.json' })
    await field.waitFor()
    await page.getByRole('row', { name: /^slots .*2 this queue/ }).waitFor()
    expect(await violationsOf(page)).toEqual([])

    await field.fill('{\n  "slots": 2,\n  "retry": {\n    "limit": "many"\n  }\n}\n')
    await page.getByRole('button', { name: 'line 4' }).waitFor()
    expect(await page.getByRole('button', { name: 'Save…' }).isDisabled()).toBe(true)
    expect(readFileSync(file, 'utf8')).toBe('{\n  "slots": 2\n}\n')

    const good = '{\n  "slots": 3\n}\n'
    await field.fill(good)
    await page.getByText('changes slots').waitFor()
    await page.getByRole('button', { name: 'Save…' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByText('-   "slots": 2').waitFor()
    await dialog.getByText('+   "slots": 3').waitFor()
    await dialog.getByRole('button', { name: 'Save', exact: true }).click()
    await until(() => readFileSync(file, 'utf8') === good, 5_000, 'it is saved')
    await page.getByRole('row', { name: /^slots .*3 this queue/ }).waitFor()

    // Somebody else was faster: both are shown, and nothing is written. The browser logs the refusals; nothing else may be wrong.
    await field.fill('{\n  "slots": 4\n}\n')
    await page.getByText('changes slots').waitFor()
    await page.getByRole('button', { name: 'Save…' }).click()
    writeFileSync(file, '{\n  "slots": 9\n}\n')
    await dialog.getByRole('button', { name: 'Save', exact: true }).click()
    const conflict = page.getByRole('region', { name: 'Changed meanwhile' })
    await conflict.getByText('-   "slots": 9').waitFor()
    await conflict.getByText('+   "slots": 4').waitFor()
    expect(await page.getByRole('button', { name: 'Save…' }).isDisabled()).toBe(true)
    expect(await violationsOf(page)).toEqual([])
    await shot(page, 'queue-config-conflict')
    expect(readFileSync(file, 'utf8')).toBe('{\n  "slots": 9\n}\n')
    await conflict.getByRole('button', { name: 'Go on with mine' }).click()
    await page.getByText('changes slots').waitFor()
    await page.getByRole('button', { name: 'Save…' }).click()
    await dialog.getByText('-   "slots": 9').waitFor()
    await dialog.getByRole('button', { name: 'Save', exact: true }).click()
    await until(() => readFileSync(file, 'utf8').includes('4'), 5_000, 'it is saved after all')
    await page.getByRole('row', { name: /^slots .*4 this queue/ }).waitFor()

    // While it is written, too; and what is on the disk can be taken instead.
    writeFileSync(file, '{\n  "slots": 7\n}\n')
    await field.fill('{\n  "slots": 5\n}\n')
    await conflict.getByRole('button', { name: 'Take what is on the disk' }).click()
    await until(async () => (await field.inputValue()).includes('7'), 5_000, 'it is taken')
    await conflict.waitFor({ state: 'detached' })
    expect(problems.filter((text) => !/status of (?:4\d\d|500)/.test(text))).toEqual([])
    await web.daemon.stop()
  },
)

it.skipIf(!hasBrowser)('every key is there with what it is for, and found by it', async () => {
  const root = tempRoot()
  makeQueue(root, 'mail', '#!/bin/sh\nexit 0\n', { retry: { limit: 3 } })
  writeFileSync(join(root, 'config.json'), JSON.stringify({ queue: { timeout: '5m' } }))
  const web = await startWeb(root)
  const { page, problems } = await openPage(web, '/queues/mail/config')
  await page.getByRole('row', { name: /^timeout How long one run may take.* the root/ }).waitFor()
  await page.getByRole('row', { name: /^retry\.limit How often a failure is tried again.* 3 this queue/ }).waitFor()
  expect(await page.getByRole('row', { name: /^nice/ }).count()).toBe(0)
  await page.getByLabel('defaults, too').check()
  await page.getByRole('row', { name: /^nice Nice level.* default$/ }).waitFor()
  await page.getByRole('row', { name: /^memory .* off default$/ }).waitFor()
  await page.getByLabel('Filter keys').fill('nice LEVEL')
  await page.getByRole('row', { name: /^nice/ }).waitFor()
  await page.getByRole('row', { name: /^timeout/ }).waitFor({ state: 'detached' })
  await page.getByLabel('Filter keys').fill('no such thing')
  await page.getByText('No key is called or described like').waitFor()
  expect(problems).toEqual([])
  await expectGoodLooks(web, '/queues/mail/config', 'queue-config', 'How often a failure')
  await web.daemon.stop()
})

it.skipIf(!hasBrowser)('who is no admin reads it, and cannot save', async () => {
  const root = tempRoot()
  makeQueue(root, 'mail', '#!/bin/sh\nexit 0\n', { slots: 2 })
  const web = await startWeb(root)
  const { page, problems } = await openPage(web)
  await page.route('**/api/v1/session', (route) => route.fulfill({ json: { name: 'eve', role: 'operator' } }))
  await page.goto(`${web.url}/queues/mail/config`)
  await page.getByText('Only admins change it.').waitFor()
  expect(await page.getByRole('textbox', { name: 'config.json' }).getAttribute('readonly')).not.toBe(null)
  expect(await page.getByRole('button', { name: 'Save…' }).count()).toBe(0)
  expect(problems).toEqual([])
  await web.daemon.stop()
})
