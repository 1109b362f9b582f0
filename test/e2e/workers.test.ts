/** What runs, and who runs it: each action by clicking or keys, then looked for among the processes and on the disk. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { hasBrowser, openPage } from '../helpers/browser.ts'
import { makeQueue, processesIn, tempRoot } from '../helpers/daemon.ts'
import { expectGoodLooks } from '../helpers/looks.ts'
import { namesIn } from '../helpers/rq.ts'
import { until } from '../helpers/until.ts'
import { startWeb, type Web } from '../helpers/web.ts'

const SLEEPS = '#!/bin/sh\necho "run 40% row 40 of 100" >&3\nsleep 600\n'
/** Holds some 60 MB until it is ended. */
const EATS = `#!/bin/sh\nexec ${process.execPath} -e 'globalThis.kept = Buffer.alloc(60e6, 1); setInterval(() => 0, 1e6)'\n`

describe.skipIf(!hasBrowser)('the page of the workers', () => {
  const root = tempRoot()
  let mail = ''
  let web: Web
  const inject = async (queue: string) => {
    const response = await web.send('POST', `/queues/${queue}/items`, {})
    const { value } = (await response.json()) as { value: { ids: string[] } }
    return value.ids[0] ?? ''
  }
  const runs = (queue: string) => namesIn(join(root, 'queue', queue), 'run').length
  beforeAll(async () => {
    mail = makeQueue(root, 'mail', SLEEPS, { slots: 3 })
    makeQueue(root, 'images', EATS, { slots: 2 })
    makeQueue(root, 'quiet')
    web = await startWeb(root)
  })
  afterAll(async () => web.daemon.stop())
  beforeEach(async () => {
    await web.send('POST', '/bulk/kill', { where: 'running' })
    await web.send('POST', '/bulk/rm', { where: '(que | failed)' })
    for (const queue of ['mail', 'mail', 'images']) await inject(queue)
    await until(() => runs('mail') === 2 && runs('images') === 1)
  })

  it('is dark, light and narrow, and accessible in each', async () => {
    await expectGoodLooks(web, '/workers', 'workers', 'row 40 of 100')
  })

  it('says that nothing runs, and looks well so', async () => {
    await web.send('POST', '/bulk/kill', { where: 'running' })
    await expectGoodLooks(web, '/workers', 'workers-none', 'Nothing runs')
  })

  it('is reached by g w, and has what takes most memory first', async () => {
    const { page, problems } = await openPage(web)
    await page.getByRole('heading', { name: 'Queues' }).waitFor()
    await page.keyboard.press('g')
    await page.keyboard.press('w')
    await page.waitForURL(/\/workers$/)
    const table = page.getByRole('table', { name: 'Runs' })
    const first = async () => table.locator('tbody td.c-queue').first().textContent()
    await until(async () => (await first()) === 'images', 15_000, 'the largest is first')
    expect(await table.locator('th[aria-sort=descending]').textContent()).toContain('Memory')
    await table.getByRole('link', { name: 'Memory' }).click()
    await page.waitForURL(/sort=rss&reverse=true/)
    await page.mouse.move(0, 0)
    await until(async () => (await first()) === 'mail')
    await table.getByRole('link', { name: 'Runs for' }).click()
    await page.waitForURL(/sort=elapsed/)
    await page.getByText('row 40 of 100').first().waitFor()
    await page.getByText(/of 3$/).first().waitFor()
    expect(problems).toEqual([])
  })

  it('leads to the item that runs', async () => {
    const { page } = await openPage(web, '/workers')
    const table = page.getByRole('table', { name: 'Runs' })
    const [id = ''] = namesIn(join(root, 'queue', 'images'), 'run')
    await table.getByRole('link', { name: id, exact: true }).click()
    await page.waitForURL(new RegExp(`/items/images/${id}`))
  })

  it('kills a run once it was confirmed', async () => {
    const { page } = await openPage(web, '/workers')
    const [id = ''] = namesIn(join(root, 'queue', 'images'), 'run')
    const slot = join(root, 'queue', 'images', 'run', id)
    const before = processesIn(slot).length
    expect(before).toBeGreaterThan(0)
    await page.getByRole('button', { name: `Kill ${id}` }).click()
    await page.getByRole('button', { name: 'Cancel' }).click()
    expect(runs('images')).toBe(1)
    await page.getByRole('button', { name: `Kill ${id}` }).click()
    await page.getByRole('button', { name: 'Kill it' }).click()
    await page.getByText('ended in _err').waitFor()
    expect(namesIn(join(root, 'queue', 'images'), '_err')).toEqual([id])
    expect(processesIn(slot)).toEqual([])
    expect(runs('mail')).toBe(2)
  })

  it('kills what is marked by keys, of several queues at once', async () => {
    const { page } = await openPage(web, '/workers')
    const first = page.getByRole('table', { name: 'Runs' }).locator('tbody td.c-queue').first()
    await until(async () => (await first.textContent()) === 'images', 15_000, 'the largest is first')
    for (const key of ['j', 'x', 'j', 'x', 'K']) await page.keyboard.press(key)
    await page.getByRole('dialog').getByRole('button', { name: 'Kill 2 items' }).click()
    await page.getByText(/ended in _err/).waitFor()
    await until(() => runs('mail') + runs('images') === 1)
    expect([runs('images'), namesIn(mail, '_err').length]).toEqual([0, 1])
  })

  it('leaves what is under the pointer where it is', async () => {
    const { page } = await openPage(web, '/workers')
    const rows = page.getByRole('table', { name: 'Runs' }).locator('tbody tr')
    await until(async () => (await rows.count()) === 3)
    const order = () => rows.evaluateAll((all) => all.map((row) => row.getAttribute('data-key')))
    const before = await order()
    await rows.nth(1).hover()
    await inject('images')
    await until(() => runs('images') === 2)
    await page.getByText('1 new').waitFor()
    expect(await order()).toEqual(before)
    await page.mouse.move(0, 0)
    await until(async () => (await rows.count()) === 4)
  })

  it('restarts a worker, and what it runs goes on', async () => {
    const pidOf = () => (JSON.parse(readFileSync(join(mail, '_status.json'), 'utf8')) as { pid: number }).pid
    const [before, ran] = [pidOf(), namesIn(mail, 'run')]
    const { page } = await openPage(web, '/workers')
    await page.getByRole('button', { name: 'Restart the worker of mail' }).click()
    await page.getByText('mail has a new worker').waitFor()
    expect(pidOf()).not.toBe(before)
    expect(existsSync(`/proc/${before}`)).toBe(false)
    expect(namesIn(mail, 'run')).toEqual(ran)
  })
})
