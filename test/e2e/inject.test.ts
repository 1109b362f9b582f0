import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { violationsOf } from '../helpers/axe.ts'
import { hasBrowser, openPage } from '../helpers/browser.ts'
import { makeQueue, tempRoot } from '../helpers/daemon.ts'
import { until } from '../helpers/until.ts'
import { startWeb, type Web } from '../helpers/web.ts'

describe.skipIf(!hasBrowser)('items made by hand', () => {
  const root = tempRoot()
  let web: Web

  beforeAll(async () => {
    for (const name of ['plain', 'formed', 'dropped']) {
      const queue = makeQueue(root, name)
      writeFileSync(join(queue, '_paused'), '')
    }
    const form = {
      ...{ default: 'hidden', param1: { label: 'City', required: true, pattern: '[A-Z].*' } },
      'params.size': { label: 'Size', choices: [10, 20], default: 20 },
    }
    writeFileSync(join(root, 'queue/formed/form.json'), JSON.stringify(form))
    web = await startWeb(root)
  })
  afterAll(() => web.daemon.stop())

  const items = (queue: string) =>
    readdirSync(join(root, 'queue', queue, 'que')).filter((name) => !name.startsWith('.'))

  it('come with parameters, tags, priority and a file', async () => {
    const { page, problems } = await openPage(web, '/queues/plain/inject')
    await page.getByLabel('Parameters').fill('city=Bonn\ncount=7')
    await page.getByLabel('Tags').fill('eu nightly')
    await page.getByLabel('Priority').selectOption('2')
    await page
      .getByLabel('Files')
      .setInputFiles({ name: 'a b.csv', mimeType: 'text/csv', buffer: Buffer.from('1,2\n') })
    expect(await violationsOf(page)).toEqual([])
    await page.getByRole('button', { name: 'Inject' }).first().click()
    await page.getByText('Injected:').waitFor()
    const [name = ''] = items('plain')
    expect(name).toMatch(/,p2,\+eu,\+nightly$/)
    const item = join(root, 'queue/plain/que', name)
    expect(JSON.parse(readFileSync(join(item, 'msg'), 'utf8'))).toMatchObject({ params: { city: 'Bonn', count: 7 } })
    expect(readFileSync(join(item, 'attach/a b.csv'), 'utf8')).toBe('1,2\n')
    expect(problems).toEqual([])
  })

  it('come from the form of their queue, which says what is missing', async () => {
    const { page } = await openPage(web, '/queues/formed/inject')
    await page.getByLabel('City').fill('bonn')
    await page.getByRole('button', { name: 'Inject' }).first().click()
    expect(items('formed')).toEqual([])
    await page.getByLabel('City').fill('Bonn')
    await page.getByRole('button', { name: 'Inject' }).first().click()
    await page.getByText('Injected:').waitFor()
    const [name = ''] = items('formed')
    const at = join(root, 'queue/formed/que', name)
    const msg = JSON.parse(readFileSync(existsSync(join(at, 'msg')) ? join(at, 'msg') : at, 'utf8'))
    expect(msg).toMatchObject({ param1: 'Bonn', params: { size: 20 } })
  })

  it('come as JSON lines', async () => {
    const before = items('plain').length
    const { page } = await openPage(web, '/queues/plain/inject')
    await page.getByLabel('A message in each line').fill('{"param1": "a"}\n{"param1": "b"}\n')
    await page.getByRole('button', { name: 'Inject 2 items' }).click()
    await until(() => items('plain').length === before + 2, 5_000, 'both are there')
  })

  it('are files that were dropped on the page, one each or all in one', async () => {
    const { page, problems } = await openPage(web, '/queues/dropped')
    await page.getByRole('heading', { name: 'dropped' }).waitFor()
    const drop = () =>
      page.evaluate(`{
        const data = new DataTransfer()
        for (const name of ['x.txt', 'y.txt']) data.items.add(new File(['hello'], name))
        document.body.dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }))
      }`)
    await drop()
    await page.getByRole('button', { name: 'An item for each' }).click()
    await until(() => items('dropped').length === 2, 5_000, 'there are two items')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await drop()
    await page.getByRole('button', { name: 'All in one item' }).click()
    await until(() => items('dropped').length === 3, 5_000, 'there is a third')
    const both = items('dropped').filter(
      (name) => readdirSync(join(root, 'queue/dropped/que', name, 'attach')).length === 2,
    )
    expect(both.length).toBe(1)
    expect(problems).toEqual([])
  })

  it('are one each of the files that were dropped, also when the connection broke between two and they are sent again', async () => {
    const before = items('dropped').length
    const { page } = await openPage(web, '/queues/dropped')
    await page.getByRole('heading', { name: 'dropped' }).waitFor()
    let sent = 0
    await page.route('**/queues/dropped/items', (route) => {
      sent += 1
      return sent === 2 ? route.abort() : route.continue()
    })
    await page.evaluate(`{
      const data = new DataTransfer()
      for (const name of ['x.txt', 'y.txt']) data.items.add(new File(['hello'], name))
      document.body.dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }))
    }`)
    await page.getByRole('button', { name: 'An item for each' }).click()
    await page.getByRole('alert').waitFor()
    expect(items('dropped').length).toBe(before + 1)
    // One is left.
    await page.getByRole('dialog', { name: 'Inject a file' }).getByRole('button', { name: 'Inject' }).click()
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    expect(sent).toBe(3)
    expect(items('dropped').length).toBe(before + 2)
  })
})
