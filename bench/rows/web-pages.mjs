// The same 1,000 queues and two million items as `web-listing`, through the server: its API, and its pages in Chromium from
// the address to the first row, beside a page of plain HTML in the same browser. Nothing runs meanwhile.
import { execFileSync, spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { sleep } from '../lib/clock.mjs'
import { limitRow } from '../lib/rows.mjs'
import { besideNode } from '../lib/tools.mjs'
import { inTurns } from '../lib/turns.mjs'
import { bigEnough, counted } from './web-listing.mjs'

const EACH = 100
const PLAIN = 'plain HTML'
const BROWSER = '/usr/bin/chromium'
const ARGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking']

export async function measure(ctx) {
  const root = join(ctx.place.dir, 'web-pages')
  const big = bigEnough(ctx)
  const queues = ctx.quick ? 100 : 1000
  execFileSync(process.execPath, [besideNode('make-forest.mjs'), root, queues, EACH, big].map(String))
  const server = await serve(ctx, root)
  const browser = existsSync(BROWSER) ? await open(server) : undefined
  try {
    await counted(() => server.get('/top'))
    const took = await inTurns(ctx.rounds, {
      ...calls(server),
      ...(browser === undefined ? {} : pages(browser, server)),
    })
    const { [PLAIN]: plain, ...others } = took
    return Object.entries(others).map(([work, ours]) =>
      limitRow({
        work: `web-pages, ${work}`,
        ...(work.startsWith('page') ? { beside: PLAIN, theirs: plain } : {}),
        ours,
        unit: 'ms',
        goal: work.includes('search') ? 1000 : 200,
      }),
    )
  } finally {
    await browser?.close()
    server.child.kill('SIGKILL')
  }
}

function calls({ get }) {
  const timed = (path) => async () => {
    const began = performance.now()
    await get(path)
    return performance.now() - began
  }
  return {
    'API, all queues': timed('/top'),
    'API, first page of the large queue': timed('/items?queue=big&query=waiting&limit=50'),
    'API, first page of what is done': timed('/items?queue=big&query=done&limit=50'),
    'API, search by name, one in 100': timed('/items?queue=big&query=waiting%20tag:rare&limit=50'),
    'API, search in messages that finds nothing': timed('/items?queue=big&query=waiting%20param.user=x&within=800ms'),
  }
}

/** From the address to the first row that can be read, the programs of the page from its cache. */
function pages({ page, plain }, { url }) {
  const timed = (address) => async () => {
    const began = performance.now()
    await page.goto(address, { waitUntil: 'commit' })
    await page.locator('tr[data-key]').first().waitFor()
    const took = performance.now() - began
    // A page that stays is pushed what changes, and searches on: others would be measured beside it.
    await page.goto('about:blank')
    return took
  }
  return {
    [PLAIN]: timed(plain),
    'page, overview': timed(`${url}/`),
    'page, the large queue': timed(`${url}/queues/big`),
    'page, search': timed(`${url}/search?q=waiting%20tag:rare`),
  }
}

async function serve(ctx, root) {
  const child = spawn(process.execPath, [join(ctx.bin, '..', 'dist', 'http.cjs')], {
    env: { ...process.env, RQD_ROOT: root, RQD_HTTP: '127.0.0.1:0' },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  for (let tries = 0; tries < 200 && !existsSync(join(root, '_web.json')); tries += 1) await sleep(50)
  const url = JSON.parse(readFileSync(join(root, '_web.json'), 'utf8')).addresses[0]
  const token = readFileSync(join(root, '_token'), 'utf8').trim()
  const get = async (path) => {
    const response = await fetch(`${url}/api/v1${path}`, { headers: { authorization: `Bearer ${token}` } })
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
    return (await response.json()).value
  }
  return { child, url, token, get }
}

/** What nobody can be faster than: fifty rows that are ready, without a program or a question. */
async function servePlain() {
  const row = `<tr data-key="row">${'<td>20261122T101500.000000-000000</td>'.repeat(8)}</tr>`
  const html = `<!doctype html><title>rows</title><table><tbody>${row.repeat(50)}</tbody></table>`
  const server = createServer((_request, response) => response.setHeader('content-type', 'text/html').end(html))
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { server, url: `http://127.0.0.1:${server.address().port}/` }
}

async function open({ url, token }) {
  const { chromium } = await import('playwright-core')
  const browser = await chromium.launch({ executablePath: BROWSER, args: ARGS })
  const page = await browser.newPage()
  await page.goto(`${url}/?token=${token}`)
  await page.goto('about:blank')
  const other = await servePlain()
  const close = async () => {
    other.server.closeAllConnections()
    other.server.close()
    await browser.close()
  }
  return { page, plain: other.url, close }
}
