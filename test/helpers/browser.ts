/** A real Chromium without a window, one for a test file; pages that fail a test when they log an error. */
import { existsSync } from 'node:fs'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { afterAll } from 'vitest'
import type { Web } from './web.ts'

/** The shell is the same engine without what surrounds a page, and takes half the CPU time of it. */
const PROGRAM = ['chromium-headless-shell', 'chromium', 'chromium-browser', 'google-chrome']
  .map((name) => `/usr/bin/${name}`)
  .find(existsSync)

export const hasBrowser = PROGRAM !== undefined

const ARGS = [
  ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
  ...['--disable-component-update', '--disable-sync'],
  // Fewer processes: all pages are our own, and two cores are few.
  ...['--in-process-gpu', '--disable-software-rasterizer', '--disable-site-isolation-trials'],
]

let browser: Browser | undefined

afterAll(async () => {
  await browser?.close()
  browser = undefined
})

interface Opened {
  readonly page: Page
  /** What its console complained of. */
  readonly problems: string[]
}

/** Signed in, on the page of this path; `problems` gathers what its console complained of. */
export async function openPage(web: Web, path = '/', options: BrowserContextOptions = {}): Promise<Opened> {
  const opened = await newPage(options)
  const signIn = `${web.url}/?token=${web.token}`
  if (path === '/') await opened.page.goto(signIn)
  else {
    // By the link as well, but without drawing the page that it leads to.
    await opened.page.request.get(signIn)
    await opened.page.goto(`${web.url}${path}`)
  }
  return opened
}

/** As somebody whom nobody knows yet: the form to sign in is shown. */
export async function openSignIn(web: Web, options: BrowserContextOptions = {}): Promise<Opened> {
  const opened = await newPage(options)
  await opened.page.goto(`${web.url}/`)
  return opened
}

/** What was changed is drawn, and what follows from that by program has begun. */
export async function nextPaint(page: Page): Promise<void> {
  await page.evaluate('new Promise((done) => requestAnimationFrame(() => setTimeout(done)))')
}

async function newPage(options: BrowserContextOptions): Promise<Opened> {
  browser ??= await chromium.launch({ executablePath: PROGRAM ?? 'chromium', args: ARGS })
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options })
  const page = await context.newPage()
  const problems: string[] = []
  page.on('pageerror', (error) => problems.push(String(error)))
  page.on('console', (message) => message.type() === 'error' && problems.push(message.text()))
  return { page, problems }
}
