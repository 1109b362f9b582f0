import { expect, it } from 'vitest'
import { makeQueue, tempRoot } from '../helpers/daemon.ts'
import { startWeb } from '../helpers/web.ts'

it('the API lists the queues to who has the token, and nothing to others', async () => {
  const root = tempRoot()
  makeQueue(root, 'mail')
  const web = await startWeb(root)
  expect(await web.get('/queues')).toMatchObject({ daemon: true, queues: [{ name: 'mail' }] })
  const stranger = await fetch(`${web.url}/api/v1/queues`)
  expect(stranger.status).toBe(401)
  expect(await stranger.json()).toMatchObject({ kind: 'unauthorized' })
  await web.daemon.stop()
})

it('a path that is no UTF-8, or leads nowhere, is refused in the form of all refusals, and by its name', async () => {
  const root = tempRoot()
  makeQueue(root, '100% a b')
  const web = await startWeb(root)
  const odd = await web.fetch('/api/v1/queues/%E9/form')
  expect(odd.status).toBe(400)
  expect(odd.headers.get('content-type')).toContain('application/problem+json')
  expect(odd.headers.get('x-content-type-options')).toBe('nosniff')
  expect(await odd.json()).toMatchObject({ kind: 'usage', detail: expect.stringContaining('/api/v1/queues/%E9/form') })
  const nowhere = await web.send('POST', '/bulk/nothing', {})
  expect(nowhere.status).toBe(404)
  expect(await nowhere.json()).toMatchObject({ detail: 'there is no POST /api/v1/bulk/nothing' })
  expect(await web.get('/queues/100%25%20a%20b/form')).toMatchObject({ queue: '100% a b' })
  await web.daemon.stop()
})
