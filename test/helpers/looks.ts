/** A page as people see it: dark, light, on a phone; accessible in each, no wider than the screen, and no error in its console. */
import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { violationsOf } from './axe.ts'
import { nextPaint, openPage } from './browser.ts'
import { shot } from './shots.ts'
import type { Web } from './web.ts'

const WIDE = { width: 1360, height: 850 }

export const LOOKS = {
  dark: { colorScheme: 'dark', viewport: WIDE },
  light: { colorScheme: 'light', viewport: WIDE },
  phone: { colorScheme: 'dark', viewport: { width: 390, height: 844 } },
} as const

export type Look = keyof typeof LOOKS

const ALL: readonly Look[] = ['dark', 'light', 'phone']

/** Loaded once and turned, as by who turns his screen; `check` waits in each look for what has to be there. */
export async function inEachLook(page: Page, check: (look: Look) => Promise<void>, looks = ALL): Promise<void> {
  for (const look of looks) {
    const { colorScheme, viewport } = LOOKS[look]
    await page.emulateMedia({ colorScheme })
    await page.setViewportSize(viewport)
    await nextPaint(page)
    await check(look)
    const overflow = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth')
    expect(overflow, `${look}: wider than the screen`).toBeLessThanOrEqual(0)
    expect(await violationsOf(page), look).toEqual([])
  }
}

/** `text`: it is there when the page has loaded. */
export async function expectGoodLooks(web: Web, path: string, name: string, text: string): Promise<void> {
  const { page, problems } = await openPage(web, path)
  await inEachLook(page, async (look) => {
    await page.getByText(text).first().waitFor()
    await shot(page, `${name}-${look}`)
  })
  expect(problems).toEqual([])
  await page.context().close()
}
