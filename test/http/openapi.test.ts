import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { makeQueue, tempRoot } from '../helpers/daemon.ts'
import { startWeb, type Web } from '../helpers/web.ts'

let web: Web
let failed = ''
let waiting = ''
let validate: (method: string, path: string, body: unknown) => string

beforeAll(async () => {
  const root = tempRoot()
  const schedules = { nightly: { cron: '0 2 * * *' } }
  makeQueue(root, 'mail', '#!/bin/sh\necho no >&2\nexit 7\n', { relay_to: 'other', schedules })
  makeQueue(root, 'held')
  writeFileSync(join(root, 'queue/held/_paused'), '')
  web = await startWeb(root)
  const idOf = async (queue: string) => {
    const response = await web.send('POST', `/queues/${queue}/items`, { params: { n: 1 }, tag: ['x'] })
    return ((await response.json()) as { value: { ids: string[] } }).value.ids[0] ?? ''
  }
  failed = await idOf('mail')
  waiting = await idOf('held')
  await web.get(`/items/mail/${failed}/wait?timeout=20s`)
  const document = (await (await fetch(`${web.url}/api/v1/openapi.json`)).json()) as object
  const ajv = new Ajv2020({ strict: false, validateFormats: false })
  ajv.addSchema(document, 'api')
  const pointer = (text: string) => text.replaceAll('~', '~0').replaceAll('/', '~1')
  validate = (method, path, body) => {
    const at = `api#/paths/${pointer(path)}/${method}/responses/200/content/application~1json/schema`
    const check = ajv.compile({ $ref: encodeURI(at) })
    return check(body) ? 'ok' : ajv.errorsText(check.errors)
  }
})

afterAll(async () => {
  await web.daemon.stop()
})

const READS = [
  '/queues', '/stats', '/stats?by=hour&since=3h', '/top', '/workers', '/qshape', '/causes', '/graph', '/events', '/metrics',
  '/health', '/queues/{queue}/config', '/queues/{queue}/form', '/queues/{queue}/peek', '/items', '/items?query=failed&columns=size,attempts,exit',
  '/items/{queue}/{id}', '/items/{queue}/{id}/why', '/items/{queue}/{id}/wait', '/schedules', '/trash', '/alerts', '/new-id',
] as const // biome-ignore format: a list

it.each(READS)('GET %s answers what the description says', async (path) => {
  const given = path.replace('{queue}', 'mail').replace('{id}', failed)
  const response = await web.fetch(`/api/v1${given}`)
  expect(response.status, await response.clone().text()).toBe(200)
  expect(validate('get', path.split('?')[0] ?? '', await response.json())).toBe('ok')
})

const CHANGES = [
  ['post', '/items/{queue}/{id}/hold', {}],
  ['post', '/items/{queue}/{id}/release', {}],
  ['post', '/items/{queue}/{id}/move', { priority: 1, tag: ['y'] }],
  ['patch', '/items/{queue}/{id}', { set: { 'param.n': '2' } }],
  ['post', '/items/{queue}/{id}/clone', {}],
  ['post', '/bulk/hold', { where: 'tag:x', dry_run: true }],
  ['post', '/queues/{queue}/pause', {}],
  ['post', '/queues/{queue}/resume', {}],
  ['post', '/queues/{queue}/down', {}],
  ['post', '/queues/{queue}/up', {}],
  ['post', '/queues/{queue}/drafts', {}],
  ['patch', '/queues/{queue}/config', { set: ['retry.limit=3'], dry_run: true }],
  ['post', '/queues/{queue}/clean', { dry_run: true }],
  ['delete', '/items/{queue}/{id}', undefined],
  ['post', '/undo', {}],
] as const

it.each(CHANGES)('%s %s answers what the description says', async (method, path, body) => {
  const given = path.replace('{queue}', 'held').replace('{id}', waiting)
  const response = await web.send(method.toUpperCase(), given, body)
  expect(response.status, await response.clone().text()).toBe(200)
  expect(validate(method, path, await response.json())).toBe('ok')
})

it('an answer that is not as described is found', () => {
  expect(validate('get', '/queues', { value: { root: 7 }, problems: [], notes: [] })).not.toBe('ok')
  expect(validate('get', '/queues', {})).not.toBe('ok')
})
