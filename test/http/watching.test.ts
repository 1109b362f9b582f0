/** What the pages watch with: workers, causes, graph, events and metrics through the API. */
import { expect, it } from 'vitest'
import { makeQueue, tempRoot } from '../helpers/daemon.ts'
import { startWeb } from '../helpers/web.ts'
import { openQueue } from '../helpers/worker.ts'

it('workers, causes, graph, events and metrics answer, and events never without an end', async () => {
  const root = tempRoot()
  const queue = openQueue(makeQueue(root, 'mail', '#!/bin/sh\nexit 7\n', { relay_to: 'other' }))
  const web = await startWeb(root)
  const id = queue.drop()
  await queue.settled(id)
  expect(await web.get('/workers')).toMatchObject({ daemon: true, workers: [{ queue: 'mail', state: 'running' }] })
  expect(await web.get('/causes?queue=mail&since=1h')).toMatchObject({
    groups: [{ reason: 'exit 7', count: 1, examples: [id] }],
  })
  expect(await web.get('/graph')).toMatchObject({
    edges: [{ from: 'mail', to: 'other', kind: 'relay' }],
    missing: ['other'],
  })
  const first = (await web.get('/events?follow=true&kind=worker-started')) as { events: unknown[]; cursor: string }
  expect(first.events).toMatchObject([{ queue: 'mail', kind: 'worker-started' }])
  expect(await web.get(`/events?kind=worker-started&after=${first.cursor}`)).toMatchObject({ events: [], more: false })
  expect(await web.get('/metrics')).toMatchObject({ text: expect.stringContaining('rqd_daemon_up 1\n') })
  await web.daemon.stop()
})
