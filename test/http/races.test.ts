/** Two who want the same at once, over HTTP: one wins, the other is told, and no item is lost or doubled. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeQueue, tempRoot } from '../helpers/daemon.ts'
import { until } from '../helpers/until.ts'
import { startWeb, type Web } from '../helpers/web.ts'
import { placesOf } from '../helpers/whereabouts.ts'

const MANY = 24
const FAILING = '#!/bin/sh\nexit 65\n'
const WAITING = '#!/bin/sh\nwhile [ ! -e "$RQ_ROOT/go-$RQ_PARAM1" ]; do sleep 0.02; done\n'

let root: string
let web: Web

beforeAll(async () => {
  root = tempRoot()
  for (const name of ['held', 'other']) writeFileSync(join(makeQueue(root, name), '_paused'), '')
  makeQueue(root, 'failing', FAILING)
  makeQueue(root, 'quick')
  makeQueue(root, 'waiting', WAITING, { slots: 8, term_timeout: '1s' })
  web = await startWeb(root)
})

afterAll(async () => {
  await web.daemon.stop()
})

interface Told {
  readonly status: number
  readonly did: string
  readonly value: Readonly<Record<string, unknown>>
  readonly text: string
}

async function tell(method: string, path: string, body?: object): Promise<Told> {
  const response = await web.send(method, path, body)
  const text = await response.text()
  const { value } = JSON.parse(text) as { value?: Record<string, unknown> | null }
  return { status: response.status, did: String(value?.['did'] ?? ''), value: value ?? {}, text }
}

async function injected(queue: string, body: object = {}): Promise<string> {
  const { value } = await tell('POST', `/queues/${queue}/items`, body)
  return (value['ids'] as string[])[0] ?? ''
}

const range = <T>(count: number, make: (n: number) => Promise<T>) =>
  Promise.all(Array.from({ length: count }, (_, n) => make(n)))

/** Both at once, now one first and now the other. */
async function race(n: number, one: () => Promise<Told>, other: () => Promise<Told>): Promise<[Told, Told]> {
  if (n % 2 === 0) return Promise.all([one(), other()])
  const [second, first] = await Promise.all([other(), one()])
  return [first, second]
}

const onePlace = (id: string) => {
  const places = placesOf(root, id)
  expect(places, id).toHaveLength(1)
  return places[0] ?? ''
}

describe('of two at once', () => {
  it('a draft is committed or removed: who removes it finds it, and else it waits', async () => {
    const ids = await range(MANY, async () => String((await tell('POST', '/queues/held/drafts', {})).value['id']))
    await range(MANY, async (n) => {
      const item = `/items/held/${ids[n]}`
      const [committed, removed] = await race(
        n,
        () => tell('POST', `${item}/commit`, {}),
        () => tell('DELETE', item),
      )
      expect([200, 404, 409, 422], committed.text).toContain(committed.status)
      expect([200, 404, 409], removed.text).toContain(removed.status)
      expect([committed.status, removed.status]).toContain(200)
      const place = onePlace(ids[n] ?? '')
      expect(place).toMatch(removed.status === 200 ? /^held\/_trash\// : /^held\/que\//)
    })
  })

  it('a draft that is committed twice is one item, and both are told so', async () => {
    await range(MANY, async (n) => {
      const id = String((await tell('POST', '/queues/held/drafts', {})).value['id'])
      const commit = () => tell('POST', `/items/held/${id}/commit`, {})
      const both = await race(n, commit, commit)
      expect(both.map(({ status }) => status)).toEqual([200, 200])
      expect(both.map(({ value }) => value['already']).toSorted()).toEqual([false, true])
      expect(onePlace(id)).toBe(`held/que/${id}`)
    })
  })

  it('edits of the same version exactly one is done, and the message is its', async () => {
    await range(MANY, async (n) => {
      const id = await injected('held', { param1: 'before', params: { keep: 1 } })
      const { version } = (await web.get(`/items/held/${id}`)) as { version: string }
      const edit = (to: string) => () =>
        tell('PATCH', `/items/held/${id}`, { set: { param1: to }, if_version: version })
      const both = await race(n, edit('one'), edit('other'))
      expect(both.map(({ status }) => status).toSorted(), both.map(({ text }) => text).join()).toEqual([200, 409])
      const won = both[0].status === 200 ? 'one' : 'other'
      expect(await web.get(`/items/held/${id}`)).toMatchObject({
        msg: { param1: won, params: { keep: 1 } },
      })
      onePlace(id)
    })
  })

  it('retries one is done, and nothing is doubled', async () => {
    const ids = await range(MANY, async () => injected('failing'))
    await range(MANY, (n) => web.get(`/items/failing/${ids[n]}/wait?timeout=30s`))
    await tell('POST', '/queues/failing/pause', {})
    await range(MANY, async (n) => {
      const retry = () => tell('POST', `/items/failing/${ids[n]}/retry`, {})
      const both = await race(n, retry, retry)
      expect(
        both.filter(({ did }) => did === 'waits again'),
        both.map(({ text }) => text).join(),
      ).toHaveLength(1)
      expect(onePlace(ids[n] ?? '')).toMatch(/^failing\/que\//)
    })
    await tell('POST', '/queues/failing/resume', {})
    for (const id of ids) {
      expect(await web.get(`/items/failing/${id}/wait?timeout=30s`)).toMatchObject({ state: '_err' })
      expect(((await web.get(`/items/failing/${id}`)) as { attempts: unknown[] }).attempts).toHaveLength(2)
    }
  })

  it('the end of a run and a kill one comes first: one attempt, one end', async () => {
    for (let round = 0; round < 3; round++) {
      const names = Array.from({ length: 8 }, (_, n) => `${round}-${n}`)
      const ids = await range(8, (n) => injected('waiting', { param1: names[n] }))
      for (const id of ids) await until(() => existsSync(join(root, 'queue/waiting/run', id, 'started.1')), 20_000, id)
      await range(8, async (n) => {
        const end = async () => {
          writeFileSync(join(root, `go-${names[n]}`), '')
          return { status: 200, did: '', value: {}, text: '' }
        }
        const [killed] = await race(n, () => tell('POST', `/items/waiting/${ids[n]}/kill`, {}), end)
        expect([200, 404, 422], killed.text).toContain(killed.status)
        const ended = (await web.get(`/items/waiting/${ids[n]}/wait?timeout=30s`)) as { state: string }
        expect(onePlace(ids[n] ?? '')).toMatch(ended.state === 'done' ? /^waiting\/done\// : /^waiting\/_err\//)
        if (killed.status === 200) expect(killed.did).toContain(`ended in ${ended.state}`)
        expect(((await web.get(`/items/waiting/${ids[n]}`)) as { attempts: unknown[] }).attempts).toHaveLength(1)
      })
    }
  })

  it('a move to another queue and a claim one comes first: it runs here, or waits there', async () => {
    await tell('POST', '/queues/quick/pause', {})
    const ids = await range(MANY, () => injected('quick'))
    const resumed = tell('POST', '/queues/quick/resume', {})
    const moved = await range(MANY, (n) => tell('POST', `/items/quick/${ids[n]}/move`, { to: 'other' }))
    await resumed
    await until(() => ids.every((id) => /^(quick\/done|other\/que)\//.test(placesOf(root, id).join())), 30_000)
    for (const [n, id] of ids.entries())
      expect(onePlace(id)).toMatch(moved[n]?.status === 200 ? /^other\/que\// : /^quick\/done\//)
  })

  it('a pause and a resume one is the last, and what waits loses nothing', async () => {
    await range(MANY, async (n) => {
      const both = await race(
        n,
        () => tell('POST', '/queues/quick/pause', {}),
        () => tell('POST', '/queues/quick/resume', {}),
      )
      expect(both.map(({ status }) => status)).toEqual([200, 200])
    })
    const [row] = ((await web.get('/queues?queue=quick')) as { queues: { paused: boolean }[] }).queues
    expect(row?.paused).toBe(existsSync(join(root, 'queue/quick/_paused')))
    await tell('POST', '/queues/quick/resume', {})
    const id = await injected('quick')
    expect(await web.get(`/items/quick/${id}/wait?timeout=30s`)).toMatchObject({ state: 'done' })
  })

  it('changes of the same configuration exactly one is written, and none is lost unsaid', async () => {
    for (let n = 0; n < MANY; n++) {
      const { version } = (await web.get('/queues/held/config')) as { version: string | null }
      const set = (slots: number) => () =>
        tell('PATCH', '/queues/held/config', { set: { slots: String(slots) }, if_version: version ?? 'none' })
      const both = await race(n, set(2 * n + 1), set(2 * n + 2))
      expect(both.map(({ status }) => status).toSorted(), both.map(({ text }) => text).join()).toEqual([200, 409])
      const written = JSON.parse(readFileSync(join(root, 'queue/held/config.json'), 'utf8')) as object
      expect(written).toEqual({ slots: both[0].status === 200 ? 2 * n + 1 : 2 * n + 2 })
    }
  })
})

describe('twenty times at once', () => {
  it.each([
    ['a key', () => ({ key: 'page 7', unique: '1h' })],
    ['an id', async () => ({ id: ((await web.get('/new-id')) as { id: string }).id })],
  ])('%s is one item, and each is told its id', async (_what, make) => {
    const body = await make()
    const told = await range(20, () => tell('POST', '/queues/held/items', body))
    expect(told.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200))
    expect(told.reduce((sum, { value }) => sum + Number(value['published']), 0)).toBe(1)
    const ids = new Set(told.flatMap(({ value }) => value['ids'] as string[]))
    expect(ids.size).toBe(1)
    onePlace([...ids][0] ?? '')
  })

  it('a key that is debounced is one item, the last of them', async () => {
    const told = await range(20, (n) =>
      tell('POST', '/queues/held/items', { key: 'k', debounce: 'replace', param1: String(n) }),
    )
    const ids = told.map(({ status, value, text }) => {
      expect(status, text).toBe(200)
      return (value['ids'] as string[])[0] ?? ''
    })
    const waiting = ids.filter((id) => placesOf(root, id).some((place) => place.startsWith('held/que/')))
    expect(waiting).toHaveLength(1)
    for (const id of ids) onePlace(id)
  })
})
