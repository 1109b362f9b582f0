/** The trash: each action by clicking or keys, then looked for on the disk. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { hasBrowser, openPage } from '../helpers/browser.ts'
import { makeQueue, tempRoot } from '../helpers/daemon.ts'
import { putFailed } from '../helpers/failed.ts'
import { expectGoodLooks } from '../helpers/looks.ts'
import { namesIn } from '../helpers/rq.ts'
import { until } from '../helpers/until.ts'
import { startWeb, type Web } from '../helpers/web.ts'

describe.skipIf(!hasBrowser)('the page of the trash', () => {
  const root = tempRoot()
  let mail = ''
  let web: Web
  beforeAll(async () => {
    mail = makeQueue(root, 'mail')
    makeQueue(root, 'quiet')
    web = await startWeb(root)
  })
  afterAll(async () => web.daemon.stop())
  beforeEach(async () => {
    await web.send('POST', '/bulk/rm', { queues: ['mail'], where: 'failed' })
    await web.send('POST', '/trash/empty', { yes: true })
    putFailed(mail, 3, { exit: 1 })
    await web.send('POST', '/bulk/rm', { queues: ['mail'], where: 'failed' })
    putFailed(mail, 1, { exit: 2 })
    await web.send('POST', '/bulk/rm', { queues: ['mail'], where: 'failed' })
  })

  it('is dark, light and narrow, and accessible in each', async () => {
    await expectGoodLooks(web, '/trash', 'trash', '4 items')
    await expectGoodLooks(web, '/trash?queue=quiet', 'trash-none', 'The trash is empty')
  })

  it('brings back one item', async () => {
    const { page, problems } = await openPage(web)
    await page.getByRole('heading', { name: 'Queues' }).waitFor()
    for (const key of ['g', 't']) await page.keyboard.press(key)
    await page.getByRole('button', { name: 'Bring back: mail/' }).first().click()
    await until(() => namesIn(mail, '_err').length === 1)
    await page.getByText('3 items').waitFor()
    expect(problems).toEqual([])
  })

  it('brings back all that was removed together', async () => {
    const { page } = await openPage(web, '/trash')
    await page.getByRole('button', { name: 'All 3 of it' }).first().click()
    await until(() => namesIn(mail, '_err').length === 3)
    await page.getByText('1 item', { exact: true }).waitFor()
  })

  it('brings back what is marked by keys', async () => {
    const { page } = await openPage(web, '/trash')
    await page.getByText('4 items').waitFor()
    for (const key of ['j', 'x', 'j', 'x', 'u']) await page.keyboard.press(key)
    await until(() => namesIn(mail, '_err').length === 2)
  })

  it('is emptied only when the word was typed', async () => {
    const { page } = await openPage(web, '/trash')
    await page.getByRole('button', { name: 'Empty…' }).click()
    const go = page.getByRole('button', { name: 'Remove for good' })
    expect(await go.isDisabled()).toBe(true)
    await page.getByLabel('Type “empty” to go on').fill('empty')
    await go.click()
    await page.getByText('2 removals are gone for good').waitFor()
    await page.getByText('The trash is empty').waitFor()
    expect(await web.get('/trash')).toMatchObject({ items: [] })
  })
})
