/** The files of an item, its result and its end, in a browser: bytes are bytes, and nothing that somebody sent is run. */
import { randomBytes } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hasBrowser, openPage } from '../helpers/browser.ts'
import { makeQueue, tempRoot } from '../helpers/daemon.ts'
import { lossyProxy } from '../helpers/lossy.ts'
import { isRunning } from '../helpers/rqd.ts'
import { until } from '../helpers/until.ts'
import { startWeb, type Web } from '../helpers/web.ts'

/** Tells on itself by asking for this when it runs. */
const OWNED = '/api/v1/new-id?name=owned'
const SCRIPT = `document.title = 'owned'; window.owned = 1; fetch('${OWNED}')`
const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
const FILES: Readonly<Record<string, Buffer>> = {
  'page.html': Buffer.from(`<!doctype html><p>hi</p><script>${SCRIPT}</script><img src=x onerror="${SCRIPT}">`),
  'picture.svg': Buffer.from(
    `<svg xmlns="http://www.w3.org/2000/svg" onload="${SCRIPT.replaceAll('"', '')}"><script>${SCRIPT}</script></svg>`,
  ),
  'liar.png': Buffer.from(`<html><script>${SCRIPT}</script></html>`),
  'real.png': Buffer.from(PNG, 'base64'),
  'notes “ä” %41.txt': Buffer.from('first\nsecond <b>bold</b>\n'),
  'data.bin': randomBytes(300_000),
}
const RESULT = '{"n": 9007199254740993, "html": "<img src=x onerror=alert(1)>"}'
const HANDLERS = {
  plain: '#!/bin/sh\n',
  results: `#!/bin/sh\nprintf '%s' '${RESULT}' > "$RQ_RESULT"\n`,
  long: '#!/bin/sh\necho $$ > "$RQ_ROOT/pid"\nwhile :; do sleep 1; done\n',
} as const

describe.skipIf(!hasBrowser)('an item', () => {
  const root = tempRoot()
  let web: Web

  beforeAll(async () => {
    for (const [name, handler] of Object.entries(HANDLERS)) makeQueue(root, name, handler, { term_timeout: '1s' })
    writeFileSync(join(root, 'queue/plain/_paused'), '')
    web = await startWeb(root)
  })
  afterAll(() => web.daemon.stop())

  async function inject(queue: string, files: Readonly<Record<string, Buffer>> = {}): Promise<string> {
    const form = new FormData()
    form.set('message', '{}')
    for (const [name, bytes] of Object.entries(files)) form.append('file', new Blob([new Uint8Array(bytes)]), name)
    const response = await web.fetch(`/api/v1/queues/${queue}/items`, { method: 'POST', body: form })
    return ((await response.json()) as { value: { id: string } }).value.id
  }

  /** What ran that should not have. */
  async function ran(page: Page, asked: readonly string[]): Promise<unknown> {
    const inPage = await page.evaluate(() => 'owned' in globalThis)
    return {
      inPage,
      title: (await page.title()).includes('owned'),
      asked: asked.filter((url) => url.includes('owned')),
    }
  }
  const NOTHING = { inPage: false, title: false, asked: [] }

  function requestsOf(page: Page): string[] {
    const asked: string[] = []
    page.context().on('request', (request) => asked.push(request.url()))
    return asked
  }

  it('its files are downloaded byte for byte, under their names', async () => {
    const id = await inject('plain', FILES)
    const { page, problems } = await openPage(web, `/items/plain/${id}`)
    for (const [name, bytes] of Object.entries(FILES)) {
      const link = page.getByRole('link', { name: `Download ${name}`, exact: true })
      const [download] = await Promise.all([page.waitForEvent('download'), link.click()])
      expect(download.suggestedFilename()).toBe(name)
      expect(readFileSync(await download.path()).equals(bytes), name).toBe(true)
    }
    expect(problems).toEqual([])
  })

  it('what is shown of them is text or a picture, and nothing in them runs', async () => {
    const id = await inject('plain', FILES)
    const { page } = await openPage(web, `/items/plain/${id}`)
    const asked = requestsOf(page)
    for (const name of Object.keys(FILES)) await page.getByRole('button', { name: `Show ${name}`, exact: true }).click()
    const files = page.getByRole('region', { name: 'Files' })
    await files.getByText(SCRIPT).first().waitFor()
    await files.getByText('second <b>bold</b>').waitFor()
    await page.getByAltText('real.png').and(page.locator(':not([src=""])')).waitFor()
    const width = (alt: string) =>
      page.getByAltText(alt).evaluate((image) => (image as unknown as { naturalWidth: number }).naturalWidth)
    await until(async () => (await width('real.png')) === 1, 10_000, 'the picture is drawn')
    expect(await width('liar.png')).toBe(0)
    expect(await files.locator('script, iframe, svg, object, embed').count()).toBe(0)
    expect(await ran(page, asked)).toEqual(NOTHING)
  })

  it('nor when their addresses are opened themselves; as a page of its own it would', async () => {
    const id = await inject('plain', FILES)
    const { page } = await openPage(web, `/items/plain/${id}`)
    const asked = requestsOf(page)
    for (const name of ['page.html', 'picture.svg', 'liar.png']) {
      const address = `${web.url}/api/v1/items/plain/${id}/attach/${name}`
      const opened = await page.context().newPage()
      const downloads: string[] = []
      opened.on('download', (download) => downloads.push(download.suggestedFilename()))
      // Where it becomes a download the browser stays where it was.
      const arrived = await opened.goto(address).then(
        () => true,
        () => false,
      )
      if (name !== 'liar.png') await until(() => downloads.includes(name), 10_000, `${name} is a download`)
      expect(arrived).toBe(name === 'liar.png')
      expect(await ran(opened, asked), name).toEqual(NOTHING)
      await opened.close()
    }
    const own = await page.context().newPage()
    await own.setContent(String(FILES['page.html']))
    expect(await ran(own, [])).toMatchObject({ inPage: true, title: true })
  })

  it('its result is shown to the last digit, and is no page either', async () => {
    const id = await inject('results')
    await web.get(`/items/results/${id}/wait?timeout=20s`)
    const { page, problems } = await openPage(web, `/items/results/${id}`)
    const result = page.getByRole('region', { name: 'Result' })
    await result.getByText('9007199254740993').waitFor()
    await result.getByText('<img src=x onerror=alert(1)>').waitFor()
    expect(await result.locator('img').count()).toBe(0)
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      result.getByRole('link', { name: 'Download' }).click(),
    ])
    expect(readFileSync(await download.path(), 'utf8').replaceAll(/\s/g, '')).toBe(RESULT.replaceAll(/\s/g, ''))
    expect(problems).toEqual([])
  })

  it('that runs is killed: its process is gone, and the page says how it ended', async () => {
    const id = await inject('long')
    await until(() => existsSync(join(root, 'pid')) && readFileSync(join(root, 'pid'), 'utf8').endsWith('\n'))
    const pid = Number(readFileSync(join(root, 'pid'), 'utf8'))
    expect(isRunning(pid)).toBe(true)
    const { page, problems } = await openPage(web, `/items/long/${id}`)
    await page.getByRole('button', { name: 'Kill', exact: true }).click()
    expect(isRunning(pid)).toBe(true)
    await page.getByRole('button', { name: 'Kill it' }).click()
    await until(() => !isRunning(pid), 20_000, 'its process is gone')
    await page.getByRole('button', { name: 'Retry', exact: true }).waitFor()
    await page
      .getByRole('region', { name: 'Timeline' })
      .getByText(/cancel/)
      .first()
      .waitFor()
    expect(readdirSync(join(root, 'queue/long/_err'))).toEqual([id])
    // Between two states it may be met in neither.
    expect(problems.filter((problem) => !problem.includes('404'))).toEqual([])
  })

  it('with files is there once when the answer was lost and it is sent again', async () => {
    const before = readdirSync(join(root, 'queue/plain/que')).length
    const lossy = await lossyProxy(web, /^POST \S+\/items HTTP/)
    const { page } = await openPage({ ...web, url: lossy.url }, '/queues/plain/inject')
    const file = { name: 'a.csv', mimeType: 'text/csv', buffer: Buffer.from('1,2\n') }
    await page.getByLabel('Files').setInputFiles(file)
    const send = page.getByRole('button', { name: 'Inject' }).first()
    await send.click()
    await page.getByText('the server does not answer').first().waitFor()
    expect(lossy.lost).toBeGreaterThan(0)
    lossy.loses = false
    await send.click()
    await page.getByText('Injected:').waitFor()
    expect(readdirSync(join(root, 'queue/plain/que'))).toHaveLength(before + 1)
    await page.getByLabel('Files').setInputFiles(file)
    await send.click()
    await until(
      () => readdirSync(join(root, 'queue/plain/que')).length === before + 2,
      10_000,
      'wanted twice, it is two',
    )
    lossy.close()
  })
})
