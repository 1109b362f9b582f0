/** Pictures of a page for who wants to look at them: where RQD_SHOTS says. */
import { join } from 'node:path'
import type { Page } from 'playwright-core'

const DIR = process.env['RQD_SHOTS']

export async function shot(page: Page, name: string): Promise<void> {
  if (DIR !== undefined) await page.screenshot({ path: join(DIR, `${name}.png`), fullPage: true })
}
