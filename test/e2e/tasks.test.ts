/** What a person does on a bad day, and what each takes here: the table of docs/WEB.md is compared with it. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hasBrowser, openPage } from '../helpers/browser.ts'
import { tempRoot } from '../helpers/daemon.ts'
import { fillShowcase, makeShowcase, type Shown } from '../helpers/showcase.ts'
import { until } from '../helpers/until.ts'
import { startWeb, type Web } from '../helpers/web.ts'
import { REPO } from '../rules/sources.ts'

let root: string
let web: Web
let shown: Shown
let page: Page

/** Counts what a hand does. What is typed into a field counts as one. */
class Hand {
  clicks = 0
  keys = 0
  typed = 0

  async click(where: Locator): Promise<void> {
    this.clicks += 1
    await where.first().click()
  }

  async press(...keys: string[]): Promise<void> {
    for (const key of keys) {
      this.keys += 1
      await page.keyboard.press(key)
    }
  }

  async type(text: string): Promise<void> {
    this.typed += 1
    await page.keyboard.insertText(text)
  }

  /** A click opens the list, another takes one of it. */
  async choose(where: Locator, value: string): Promise<void> {
    this.clicks += 2
    await where.selectOption(value)
  }

  get did(): string {
    const parts = [
      this.keys > 0 ? `${this.keys} ${this.keys === 1 ? 'key' : 'keys'}` : '',
      this.typed > 0 ? 'a text' : '',
      this.clicks > 0 ? `${this.clicks} ${this.clicks === 1 ? 'click' : 'clicks'}` : '',
    ].filter((part) => part !== '')
    return parts.length === 0 ? 'nothing' : parts.join(', ')
  }
}

beforeAll(async () => {
  if (!hasBrowser) return
  root = tempRoot()
  makeShowcase(root)
  web = await startWeb(root)
  shown = await fillShowcase(web)
  ;({ page } = await openPage(web))
  await page.locator('.connection.live').waitFor()
})

afterAll(async () => {
  await web?.daemon.stop()
})

async function begin(path = '/'): Promise<Hand> {
  await page.goto(`${web.url}${path}`)
  await page.locator('.connection.live').waitFor()
  return new Hand()
}

/** What the document says that it takes. */
function written(task: string): string {
  const row = readFileSync(join(REPO, 'docs/WEB.md'), 'utf8')
    .split('\n')
    .find((line) => line.startsWith(`| ${task} |`))
  return row?.split('|')[2]?.trim() ?? `docs/WEB.md has no row "${task}"`
}

const names = (queue: string, state: string) => readdirSync(join(root, 'queue', queue, state))

describe.skipIf(!hasBrowser)('on a bad day a person', () => {
  it('finds why nothing runs', async () => {
    const hand = await begin()
    await page.getByText('It is paused, and 9 items wait').waitFor()
    expect(hand.did).toBe(written('find why nothing runs'))
  })

  it('retries slowly what failed of one customer since noon', async () => {
    const hand = await begin()
    await hand.press('g', '/')
    await page.getByRole('heading', { name: 'Search' }).waitFor()
    await hand.type('failed param.customer=acme entered>2026-01-01')
    await hand.press('Enter')
    await page.getByText(shown.failed).first().waitFor()
    await hand.click(page.getByRole('button', { name: /^Retry slowly/ }))
    await hand.click(page.getByRole('dialog').getByRole('button', { name: /^Retry 1 item slowly/ }))
    await until(
      () => !names('mail', '_err').some((name) => name.startsWith(shown.failed)) || hasRunTwice(),
      10_000,
      'it is retried',
    )
    expect(hand.did).toBe(written('retry slowly all that failed of one customer since noon'))
  })

  function hasRunTwice(): boolean {
    const path = join(root, 'queue/mail/_err', shown.failed, 'msg')
    return existsSync(path) && JSON.parse(readFileSync(path, 'utf8')).attempts.length > 1
  }

  it('kills what eats the memory', async () => {
    const before = names('export', 'run')
    const hand = await begin()
    await hand.press('g', 'w')
    await hand.click(page.getByRole('row').getByRole('button', { name: /^Kill/ }))
    await hand.click(page.getByRole('dialog').getByRole('button', { name: /^Kill/ }))
    await until(() => before.some((name) => !names('export', 'run').includes(name)), 20_000, 'one of them ends')
    expect(hand.did).toBe(written('kill what eats the memory'))
  })

  it("sees whether last night's run was late", async () => {
    const hand = await begin()
    await hand.click(page.getByRole('navigation').getByRole('link', { name: 'Schedules' }))
    await page.getByRole('row', { name: /nightly/ }).waitFor()
    expect(hand.did).toBe(written("see whether last night's run was late"))
  })

  it('changes a parameter of a waiting item', async () => {
    const hand = await begin()
    await hand.click(page.getByRole('link', { name: 'archive', exact: true }))
    await hand.click(page.getByRole('link', { name: shown.waiting }))
    await page.getByRole('region', { name: 'Message' }).waitFor()
    await hand.press('e')
    const field = page.getByRole('dialog').locator('textarea')
    await field.waitFor()
    await field.fill('')
    await hand.type('{"param1": "box 8"}')
    await hand.click(page.getByRole('dialog').getByRole('button', { name: /^Save/ }))
    const path = () => names('archive', 'que').find((name) => name.startsWith(shown.waiting)) ?? ''
    await until(
      () => readFileSync(join(root, 'queue/archive/que', path()), 'utf8').includes('box 8'),
      10_000,
      'it is changed',
    )
    expect(hand.did).toBe(written('change a parameter of a waiting item'))
  })

  it("moves a queue's backlog", async () => {
    const backlog = names('archive', 'que').length
    const hand = await begin()
    await hand.click(page.getByRole('link', { name: 'archive', exact: true }))
    await hand.click(page.getByRole('button', { name: /^Move all/ }))
    await hand.choose(page.getByRole('dialog').getByLabel('To the queue'), 'mail-slow')
    await hand.click(page.getByRole('dialog').getByRole('button', { name: 'Move', exact: true }))
    await hand.click(page.getByRole('dialog').getByRole('button', { name: /^Move \d+ items/ }))
    await until(() => names('archive', 'que').length === 0, 10_000, 'they are moved')
    expect(backlog).toBeGreaterThan(5)
    expect(hand.did).toBe(written("move a queue's backlog"))
  })

  it('reads the log of a run that is still going', async () => {
    const hand = await begin()
    await hand.press('g', 'w')
    await hand.click(page.getByRole('row', { name: /row \d+ of 600/ }).getByRole('link'))
    await page
      .getByText(/row \d+ of 600/)
      .first()
      .waitFor()
    await page.getByText('live', { exact: true }).last().waitFor()
    expect(hand.did).toBe(written('read the log of a run that is still going'))
  })

  it('pauses everything', async () => {
    const hand = await begin()
    await hand.click(page.getByRole('button', { name: /Pause all/ }))
    await hand.click(page.getByRole('dialog').getByRole('button', { name: /^Pause/ }))
    await until(() => existsSync(join(root, '_paused')), 10_000, 'all is paused')
    expect(hand.did).toBe(written('pause everything'))
  })

  it('finds a file dropped last week', async () => {
    writeFileSync(join(root, 'queue/archive/pause', 'invoice-2026-11-19.csv'), 'a,b\n')
    const hand = await begin()
    await hand.press('g', '/')
    await page.getByRole('heading', { name: 'Search' }).waitFor()
    await hand.type('invoice')
    await hand.press('Enter')
    await page.getByRole('link', { name: /invoice-2026-11-19\.csv/ }).waitFor()
    expect(hand.did).toBe(written('find a file dropped last week'))
  })

  it('tells a colleague by link', async () => {
    await begin('/queues/mail?state=failed')
    await page.getByRole('link', { name: /-/ }).first().waitFor()
    const address = page.url()
    const other = await page.context().newPage()
    await other.goto(address)
    await other
      .getByRole('tab', { name: /Failed/, selected: true })
      .or(other.getByRole('link', { name: /Failed/ }))
      .first()
      .waitFor()
    await other.close()
    expect(written('tell a colleague by link')).toBe('the address')
  })
})
