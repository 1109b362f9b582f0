import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hasBrowser, openPage } from '../helpers/browser.ts'
import { tempRoot } from '../helpers/daemon.ts'
import { inEachLook, LOOKS, type Look } from '../helpers/looks.ts'
import { fillShowcase, makeShowcase, type Shown } from '../helpers/showcase.ts'
import { startWeb, type Web } from '../helpers/web.ts'
import { REPO } from '../rules/sources.ts'

/** With it the pictures that the README shows are taken anew. */
const KEEP = process.env['RQD_SCREENSHOTS'] === '1'
const README = readFileSync(join(REPO, 'README.md'), 'utf8')

/** Name of the picture → path. The pages of one item or queue, and what there is beside. */
const PATHS: Readonly<Record<string, (shown: Shown) => string>> = {
  overview: () => '/',
  queue: () => '/queues/mail?tab=failed',
  waiting: () => '/queues/archive?tab=waiting',
  item: ({ running }) => `/items/export/${running}`,
  'failed-item': ({ failed }) => `/items/mail/${failed}`,
  ...Object.fromEntries(menu().map((at) => [at === '' ? 'overview' : at, () => `/${at}`])),
}

/** The paths of the menu, as the pages themselves list them. */
function menu(): string[] {
  const text = readFileSync(join(REPO, 'src/dashboard/pages.ts'), 'utf8')
  const paths = [...text.matchAll(/\bat: '([^']*)',\s*title: '/g)].map(([, at = '']) => at)
  if (paths.length === 0) throw new Error('no pages are listed any more in the form that is looked for')
  return paths
}

let web: Web
let shown: Shown

beforeAll(async () => {
  if (!hasBrowser) return
  const root = tempRoot()
  makeShowcase(root)
  web = await startWeb(root)
  shown = await fillShowcase(web)
})

afterAll(async () => {
  await web?.daemon.stop()
})

describe.skipIf(!hasBrowser)('every page', () => {
  it.each([
    ['a screen', ['dark', 'light']],
    ['a phone', ['phone']],
  ] as const)(
    'is whole, accessible and without complaint on %s',
    async (_, looks) => {
      const scratch = join(tempRoot(), 'images')
      mkdirSync(scratch, { recursive: true })
      const { page, problems } = await openPage(web, '/', LOOKS[looks[0]])
      for (const [picture, path] of Object.entries(PATHS)) {
        await page.goto(`${web.url}${path(shown)}`)
        await page.locator('h1').first().waitFor()
        await page.locator('.connection.live').waitFor()
        await page.waitForFunction('document.querySelector("[aria-busy=true]") === null')
        const take = async (look: Look) => {
          const kept = `docs/images/${picture}-${look}.png`
          const file = KEEP && README.includes(kept) ? join(REPO, kept) : join(scratch, `${picture}-${look}.png`)
          await page.screenshot({ path: file })
        }
        await inEachLook(page, take, looks)
      }
      expect(problems).toEqual([])
      await page.context().close()
    },
    120_000,
  )
})
