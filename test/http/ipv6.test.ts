import { createServer } from 'node:net'
import { expect, it } from 'vitest'
import { skipLoudly } from '../faults/mount.ts'
import { hasBrowser, openPage } from '../helpers/browser.ts'
import { makeQueue, tempRoot } from '../helpers/daemon.ts'
import { rqd } from '../helpers/rqd.ts'
import { startWeb } from '../helpers/web.ts'

const refusal = await new Promise<string | undefined>((resolve) => {
  const server = createServer()
  server.on('error', (error) => resolve(error.message))
  server.listen(0, '::1', () => server.close(() => resolve(undefined)))
})

it.skipIf(skipLoudly('IPv6', refusal))(
  '`--http [::1]:0` serves there, and the link that it prints signs in',
  async () => {
    const root = tempRoot()
    makeQueue(root, 'mail')
    const web = await startWeb(root, { args: ['--http', '[::1]:0'] })
    expect(web.url).toMatch(/^http:\/\/\[::1\]:\d+$/)
    const { stdout } = await rqd('web', '--root', root)
    expect(stdout).toBe(`web: ${web.url}/?token=${web.token}\n`)

    const signedIn = await fetch(stdout.replace('web: ', '').trim(), { redirect: 'manual' })
    const cookie = signedIn.headers.get('set-cookie')?.split(';')[0] ?? ''
    const change = (origin: string) =>
      fetch(`${web.url}/api/v1/queues/mail/pause`, { method: 'POST', headers: { cookie, origin, 'x-rq': '1' } })
    expect((await change(web.url)).status).toBe(200)
    expect((await change('http://[::2]:80')).status).toBe(403)

    if (hasBrowser) {
      const { page, problems } = await openPage(web, '/queues/mail')
      await page.getByRole('heading', { name: 'mail' }).first().waitFor()
      expect(problems).toEqual([])
    }
    await web.daemon.stop()
  },
)
