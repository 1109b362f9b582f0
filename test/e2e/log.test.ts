/** The log of an item in the page: of a run that still goes on, of one that is long, and of a handler that means no good. */
import { appendFileSync, existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { violationsOf } from '../helpers/axe.ts'
import { hasBrowser, openPage } from '../helpers/browser.ts'
import { makeQueue, tempRoot } from '../helpers/daemon.ts'
import { until } from '../helpers/until.ts'
import { startWeb, type Web } from '../helpers/web.ts'

async function inject(web: Web, body: object): Promise<string> {
  const response = await web.send('POST', '/queues/q/items', body)
  return ((await response.json()) as { value: { ids: string[] } }).value.ids[0] ?? ''
}

it.skipIf(!hasBrowser)('what a run says shows while it runs, and that it ended', async () => {
  const root = tempRoot()
  const words = join(root, 'words')
  writeFileSync(words, 'first\n')
  makeQueue(
    root,
    'q',
    `#!/bin/sh\necho "run 40% half" >&3\nexec tail -n +1 -f --pid=$$ "${words}" &\nwhile [ ! -e "${root}/end" ]; do sleep 0.05; done; sleep 1.5; kill %1; exit 0\n`,
  )
  const web = await startWeb(root)
  const id = await inject(web, {})
  const { page, problems } = await openPage(web, `/items/q/${id}`)
  const log = page.getByRole('region', { name: 'What it wrote' })
  await log.getByText('first').waitFor()
  await page.getByText('40%').waitFor()
  for (let n = 0; n < 300; n += 1) appendFileSync(words, `line ${n}\n`)
  await log.getByText('line 299').waitFor()
  // Who scrolls up is left where he reads.
  await page.evaluate('document.querySelector(".log-frame").scrollTop = 0')
  await page.getByRole('button', { name: '↓ Follow' }).waitFor()
  appendFileSync(words, 'one more\n')
  await log.getByText('first').waitFor()
  await page.getByRole('button', { name: '↓ Follow' }).click()
  await log.getByText('one more').waitFor()
  writeFileSync(join(root, 'end'), '')
  await page.getByText('done', { exact: true }).first().waitFor()
  await until(() => existsSync(join(root, 'queue/q/done')), 5_000, 'it is done on the disk, too')
  expect(problems).toEqual([])
  await web.daemon.stop()
})

it.skipIf(!hasBrowser)('a retry that was too short to be seen running shows in the log as well', async () => {
  const root = tempRoot()
  makeQueue(root, 'q', '#!/bin/sh\necho "try $RQ_COUNT"\nexit 1\n')
  const web = await startWeb(root)
  const id = await inject(web, {})
  await until(() => existsSync(join(root, 'queue/q/_err', id)), 5_000, 'it failed')
  const { page, problems } = await openPage(web, `/items/q/${id}`)
  const log = page.getByRole('region', { name: 'What it wrote' })
  await log.getByText('attempt 1').waitFor()
  await page.getByRole('button', { name: 'Retry', exact: true }).click()
  await log.getByText('attempt 2').waitFor()
  expect(problems).toEqual([])
  await web.daemon.stop()
})

const HOSTILE = String.raw`#!/bin/sh
printf '<script>document.title="owned"</script><img src=x onerror=alert(1)>\n'
printf '\033]8;;javascript:alert(1)\033\\click me\033]8;;\033\\\n'
printf '\033]0;title\007after the title\n'
printf 'nul\000nul \033[999999999C far\n'
printf '\033[38;2;1;2;3;48;5;196mcolours\033[0m\033[?1049h\033[2J\n'
head -c 3000000 /dev/zero | tr '\0' 'x'
printf '\nthe end\n'
exit 1
`

it.skipIf(!hasBrowser)('a hostile log is text', async () => {
  const root = tempRoot()
  makeQueue(root, 'q', HOSTILE)
  const web = await startWeb(root)
  const id = await inject(web, {})
  await until(() => existsSync(join(root, 'queue/q/_err', id)), 10_000, 'it failed')
  const { page, problems } = await openPage(web, `/items/q/${id}`)
  const log = page.getByRole('region', { name: 'What it wrote' })
  await log.getByText('the end').waitFor()
  expect(await page.locator('.log-row').count()).toBeLessThan(200)
  for (let n = 0; n < 20; n += 1) {
    await page.evaluate('document.querySelector(".log-frame").scrollTop = 0')
    const earlier = page.getByRole('button', { name: /Load earlier/ })
    if (!(await earlier.isVisible())) break
    const before = await earlier.textContent()
    await earlier.click()
    const now = () => earlier.textContent({ timeout: 500 }).catch(() => undefined)
    await until(async () => (await now()) !== before, 10_000, 'more was read')
  }
  await page.evaluate('document.querySelector(".log-frame").scrollTop = 0')
  await log.getByText('<script>document.title="owned"</script>').waitFor()
  await log.getByText('click me').waitFor()
  await log.getByText('nul␀nul').waitFor()
  expect(await page.title()).not.toContain('owned')
  expect(await page.locator('.log-frame :is(a, img, script)').count()).toBe(0)
  expect(await violationsOf(page)).toEqual([])
  await page.keyboard.press('/')
  await page.locator('input:focus').waitFor()
  await page.keyboard.type('the end')
  await page.getByRole('status').getByText('1/1').waitFor()
  await page.locator('.log-row.current mark').waitFor()
  expect(problems).toEqual([])
  await web.daemon.stop()
})
