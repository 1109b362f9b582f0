/** Who may only look, who may act, and who has left: in a browser, on every page. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Page, Request } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { violationsOf } from '../helpers/axe.ts'
import { hasBrowser, nextPaint, openSignIn } from '../helpers/browser.ts'
import { tempRoot } from '../helpers/daemon.ts'
import { rqdFed } from '../helpers/rqd.ts'
import { fillShowcase, makeShowcase, type Shown } from '../helpers/showcase.ts'
import { until } from '../helpers/until.ts'
import { startWeb, type Web } from '../helpers/web.ts'

const PASSWORD = 'correct horse battery'
/** Keys that change something on one page or another, after marking what is there. */
const ACTING_KEYS = ['j', 'x', 'r', 'h', 'm', 'e', 'n', 'd', 'p', 'K', '#']

/** Answers that are pushed as long as somebody looks. */
const ENDLESS = /\/live|\/events|follow=true/

const PATHS = [
  ...['/', '/upcoming', '/workers', '/failed', '/schedules', '/search?query=failed', '/alerts', '/graph', '/trash'],
  ...['/audit', '/queues/mail', '/queues/mail?tab=failed', '/queues/archive?tab=waiting', '/queues/mail/config'],
  ...['/queues/mail/inject', '/items/mail/FAILED', '/items/archive/WAITING', '/items/export/RUNNING'],
  '/items/scale/DONE',
]

describe.skipIf(!hasBrowser)('who is signed in by a name', () => {
  const root = tempRoot()
  let web: Web
  let shown: Shown
  let viewer: Awaited<ReturnType<typeof signIn>> | undefined
  const pressed = new Set<string>()

  beforeAll(async () => {
    makeShowcase(root)
    web = await startWeb(root)
    for (const role of ['viewer', 'operator'] as const)
      await rqdFed(`${PASSWORD}\n`, 'user', 'add', `a-${role}`, '--role', role, '--root', root)
    shown = await fillShowcase(web)
    await web.send('DELETE', `/items/archive/${shown.waiting}`)
    await web.send('POST', '/undo', {})
  })
  afterAll(() => web.daemon.stop())

  const pathOf = (path: string) =>
    path
      .replace('FAILED', shown.failed)
      .replace('WAITING', shown.waiting)
      .replace('RUNNING', shown.running)
      .replace('DONE', shown.done)

  /** Signed in by the form, as people are; what was asked for beside looking, and what was refused, is written down. */
  async function signIn(name: string) {
    const { page, problems } = await openSignIn(web)
    await page.getByLabel('Name').fill(name)
    await page.getByLabel('Password').fill(PASSWORD)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByRole('navigation', { name: 'Pages' }).waitFor()
    // That nobody was signed in is how the form comes to be there.
    problems.length = 0
    const changes: string[] = []
    const refused: string[] = []
    const asked = new Set<Request>()
    page.on('request', (request) => {
      if (!ENDLESS.test(request.url())) asked.add(request)
      if (request.method() !== 'GET') changes.push(`${request.method()} ${request.url()}`)
    })
    page.on('response', (response) => {
      if (response.status() >= 400) refused.push(`${response.status()} ${response.url()}`)
    })
    page.on('requestfinished', (request) => asked.delete(request))
    page.on('requestfailed', (request) => asked.delete(request))
    /** Until all that the page asked for is there, also what it asks once that is shown. */
    const open = async (path: string) => {
      asked.clear()
      await page.goto(`${web.url}${pathOf(path)}`)
      await page.locator('main h1').first().waitFor()
      await until(
        async () => {
          const wasQuiet = asked.size === 0
          await nextPaint(page)
          return wasQuiet && asked.size === 0
        },
        15_000,
        () => [...asked].map((request) => request.url()).join(),
      )
    }
    return { page, problems, changes, refused, open }
  }

  /** Every button that can be pressed, one after the other, whatever each opens; one of each name. */
  async function pressAll(page: Page, pressed: Set<string>): Promise<void> {
    const names = await page
      .locator('main button:enabled')
      .evaluateAll((all) => all.map((one) => one.getAttribute('aria-label') ?? one.textContent ?? ''))
    for (const [n, name] of names.entries()) {
      if (pressed.has(name)) continue
      pressed.add(name)
      const button = page.locator('main button:enabled').nth(n)
      if (await button.isVisible()) await button.click({ timeout: 5_000 })
      const inner = page.locator('dialog[open] button:enabled, [role=menu] button:enabled')
      for (const text of await inner.allInnerTexts()) pressed.add(text)
      await page.keyboard.press('Escape')
    }
  }

  it.each(PATHS)('a viewer sees %s without an error, and nothing there would be refused', async (path) => {
    viewer ??= await signIn('a-viewer')
    const { page, problems, changes, refused, open } = viewer
    await open(path)
    expect(await violationsOf(page), path).toEqual([])
    for (const key of ACTING_KEYS) await page.keyboard.press(key)
    const offered = await page.getByRole('dialog').count()
    await pressAll(page, pressed)
    expect({ offered, problems, changes, refused }).toEqual({ offered: 0, problems: [], changes: [], refused: [] })
  })

  it('an operator acts by the same keys and buttons, and is shown nothing that is for admins', async () => {
    const { page, problems, changes, refused, open } = await signIn('a-operator')
    await open('/items/mail/FAILED')
    const item = async () =>
      (await web.get(`/items/mail/${shown.failed}`)) as { attempts: readonly unknown[]; status: string }
    const before = await item()
    // The heading is there before the item is, and its keys come with it.
    await page.getByRole('button', { name: 'Retry', exact: true }).waitFor()
    await page.keyboard.press('r')
    await until(async () => {
      const { attempts, status } = await item()
      return status === 'failed' && attempts.length > before.attempts.length
    })
    expect(changes).toEqual([`POST ${web.url}/api/v1/items/mail/${shown.failed}/retry`])
    await open('/queues/mail')
    await page.getByRole('button', { name: '‖ Pause' }).click()
    await until(() => existsSync(join(root, 'queue/mail/_paused')), 10_000, 'it is paused')
    await open('/queues/mail/config')
    await page.getByText('Only admins change it.').waitFor()
    expect(await page.getByRole('button', { name: /^(Save|Check|Restart)/ }).count()).toBe(0)
    for (const [path, word] of [
      ['/', /create|new queue/i],
      ['/trash', /^empty/i],
      ['/workers', /^restart/i],
    ] as const) {
      await open(path)
      expect(await page.getByRole('button', { name: word }).count(), path).toBe(0)
    }
    await open('/audit')
    await page.getByText('For admins').waitFor()
    expect({ problems, refused }).toEqual({ problems: [], refused: [] })
    await page.context().close()
  })

  it('who signs out is asked who he is, on every page, and his cookie is worth nothing', async () => {
    const { page } = await signIn('a-operator')
    const cookies = await page.context().cookies()
    const cookie = cookies.map(({ name, value }) => `${name}=${value}`).join('; ')
    const asks = () => fetch(`${web.url}/api/v1/queues`, { headers: { cookie } })
    expect((await asks()).status).toBe(200)
    await page.getByRole('button', { name: 'Signed in as a-operator' }).click()
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByRole('button', { name: 'Sign in' }).waitFor()
    expect(await page.context().cookies()).toEqual([])
    for (const path of ['/queues/mail', '/items/mail/FAILED', '/audit']) {
      await page.goto(`${web.url}${pathOf(path)}`)
      await page.getByRole('button', { name: 'Sign in' }).waitFor()
      expect(await page.locator('main').innerText()).not.toContain(shown.failed)
    }
    await page.goBack()
    await page.getByRole('button', { name: 'Sign in' }).waitFor()
    await page.context().close()
  })
})
