import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hasBrowser, openPage } from '../helpers/browser.ts'
import { makeQueue, tempRoot } from '../helpers/daemon.ts'
import { expectGoodLooks } from '../helpers/looks.ts'
import { until } from '../helpers/until.ts'
import { startWeb, type Web } from '../helpers/web.ts'

const FORM = {
  'params.address': { label: 'Address', help: 'Where the report goes', required: true, pattern: '[^@]+@[^@]+' },
  'params.extra': { label: 'Extra', type: 'json' },
  tags: { choices: ['eu', 'us', 'slow'], default: ['eu'] },
}

describe.skipIf(!hasBrowser)('what is injected by hand', () => {
  const root = tempRoot()
  let web: Web

  beforeAll(async () => {
    for (const name of ['timed', 'formed', 'lines', 'dropped', 'twice', 'looks', 'down'])
      writeFileSync(join(makeQueue(root, name), '_paused'), '')
    for (const name of ['formed', 'looks']) writeFileSync(join(root, 'queue', name, 'form.json'), JSON.stringify(FORM))
    web = await startWeb(root)
  })
  afterAll(() => web.daemon.stop())

  const items = (queue: string) =>
    readdirSync(join(root, 'queue', queue, 'que')).filter((name) => !name.startsWith('.'))
  const msgOf = (queue: string, name: string): unknown => {
    const item = join(root, 'queue', queue, 'que', name)
    return JSON.parse(readFileSync(existsSync(join(item, 'msg')) ? join(item, 'msg') : item, 'utf8'))
  }

  it('waits for a time of the clock, and a link leads to it', async () => {
    const { page, problems } = await openPage(web, '/queues/timed/inject', { timezoneId: 'Europe/Berlin' })
    await page.getByLabel('Start in: a duration').fill('2h')
    await page.getByLabel('Start in: a time').fill('2031-02-03T04:05:06')
    await page.getByRole('button', { name: 'Inject' }).first().click()
    await page.getByText('give a duration or a time, not both').waitFor()
    expect(items('timed')).toEqual([])
    await page.getByLabel('Start in: a duration').fill('')
    await page.getByRole('button', { name: 'Inject' }).first().click()
    await until(() => items('timed').length === 1, 5_000, 'it is there')
    const [name = ''] = items('timed')
    const due = Date.parse('2031-02-03T03:05:06Z')
    expect(JSON.stringify(await web.get('/items?queue=timed'))).toContain(new Date(due).toISOString())
    await page.locator('.toast').getByRole('link').click()
    await page.waitForURL(new RegExp(`/items/timed/${name.split(/[.,]/)[0]}`))
    expect(problems).toEqual([])
  })

  it('has the tags that were chosen, and null where JSON says null', async () => {
    const { page, problems } = await openPage(web, '/queues/formed/inject')
    await page.getByLabel('Address').fill('ada@example.org')
    await page.getByLabel('Extra').fill('null')
    await page.getByLabel('slow').check()
    await page.getByRole('button', { name: 'Inject' }).first().click()
    await until(() => items('formed').length === 1, 5_000, 'it is there')
    const [name = ''] = items('formed')
    expect(name).toContain(',+eu,+slow')
    expect(msgOf('formed', name)).toMatchObject({ params: { address: 'ada@example.org', extra: null } })
    expect(problems).toEqual([])
  })

  it('is told how much of a file was sent, and has its bytes', async () => {
    const bytes = Buffer.alloc(6 * 1024 * 1024, 'rqd 0123')
    const { page, problems } = await openPage(web, '/queues/twice/inject')
    await page.getByLabel('Files').setInputFiles({ name: 'ä "b" 1.bin', mimeType: 'text/plain', buffer: bytes })
    await page.evaluate(`{
      globalThis.seen = 0
      new MutationObserver(() => { globalThis.seen += document.querySelectorAll('progress').length })
        .observe(document.body, { childList: true, subtree: true, attributes: true })
    }`)
    // Twice in a row, as hasty people do.
    await page.getByRole('button', { name: 'Inject' }).first().dblclick()
    await page.getByText('Injected:').waitFor()
    expect(items('twice').length).toBe(1)
    const [name = ''] = items('twice')
    expect(readFileSync(join(root, 'queue/twice/que', name, 'attach/ä "b" 1.bin')).equals(bytes)).toBe(true)
    expect(await page.evaluate<number>('globalThis.seen')).toBeGreaterThan(0)
    expect(problems).toEqual([])
  })

  it('of many lines says which were refused, and sends none twice', async () => {
    const { page, problems } = await openPage(web, '/queues/lines/inject')
    const field = page.getByLabel('A message in each line')
    await field.fill('\n{"param1": "a"}\n{"param1": 7, oops}\n\n{"param1": "b"}\n')
    await page.getByRole('button', { name: 'Inject 3 items' }).click()
    await page.getByRole('alert').filter({ hasText: '2 items injected, and what follows is not' }).waitFor()
    await page.getByRole('alert').getByText('{"param1": 7, oops}').waitFor()
    expect(items('lines').length).toBe(2)
    expect(await field.inputValue()).toBe('{"param1": 7, oops}\n')
    expect(await page.locator('.toast a').count()).toBe(2)
    await field.fill('{"param1": "c"}\n')
    await page.getByRole('button', { name: 'Inject 1 item' }).click()
    await until(() => items('lines').length === 3, 5_000, 'the corrected one is there')
    await page.getByRole('alert').waitFor({ state: 'detached' })
    expect(problems).toEqual([])
  })

  it('is refused in words by a queue that is down, and nothing that was written is lost', async () => {
    writeFileSync(join(root, 'queue/down/_down'), '')
    const { page } = await openPage(web, '/queues/down/inject')
    await page.getByLabel('Parameters').fill('city=Bonn')
    await page.getByRole('button', { name: 'Inject' }).first().click()
    await page.getByRole('alert').filter({ hasText: 'is down and takes nothing' }).waitFor()
    expect(await page.getByLabel('Parameters').inputValue()).toBe('city=Bonn')
    await page.getByLabel('A message in each line').fill('{"param1": "a"}')
    await page.getByRole('button', { name: 'Inject 1 item' }).click()
    await page.getByRole('alert').filter({ hasText: 'Nothing is injected' }).waitFor()
    expect(items('down')).toEqual([])
  })

  it('of dropped files sends only what is missing when the connection broke between them', async () => {
    const { page } = await openPage(web, '/queues/dropped')
    await page.getByRole('heading', { name: 'dropped' }).waitFor()
    let sent = 0
    await page.route('**/api/v1/queues/dropped/items', (route) => {
      sent += 1
      return sent === 2 ? route.abort() : route.continue()
    })
    await page.evaluate(`{
      const data = new DataTransfer()
      for (const name of ['x.txt', 'y.txt', 'z.txt']) data.items.add(new File(['hello ' + name], name))
      document.body.dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }))
    }`)
    await page.getByRole('button', { name: 'An item for each' }).click()
    await page.getByRole('dialog').getByRole('alert').waitFor()
    await page.getByRole('dialog', { name: 'Inject 2 files' }).waitFor()
    await page.getByRole('button', { name: 'An item for each' }).click()
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    const files = items('dropped').flatMap((name) => {
      const attach = join(root, 'queue/dropped/que', name, 'attach')
      return readdirSync(attach).map((file) => readFileSync(join(attach, file), 'utf8'))
    })
    expect(files.toSorted()).toEqual(['hello x.txt', 'hello y.txt', 'hello z.txt'])
  })

  it('looks good', () => expectGoodLooks(web, '/queues/looks/inject', 'queue-inject', 'Where the report goes'))
})
