import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import type { FastifyReply } from 'fastify'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { whenDone } from '../../src/http/done.ts'
import { until } from '../helpers/until.ts'

const server = createServer()
beforeAll(async () => {
  await once(server.listen(0, '127.0.0.1'), 'listening')
})
afterAll(() => server.close())

/** A request that waits for its answer, and the socket of who asked. */
async function ask() {
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1')
  client.on('error', () => undefined)
  client.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
  const [raw, answer] = (await once(server, 'request')) as [IncomingMessage, ServerResponse]
  return { client, raw, reply: { raw: answer, request: { raw } } as unknown as FastifyReply }
}

it('is told once when whoever asked goes away', async () => {
  const { client, reply } = await ask()
  let told = 0
  whenDone(reply, () => {
    told += 1
  })
  client.resetAndDestroy()
  await until(() => told > 0, 5_000, 'it is told')
  expect(told).toBe(1)
})

it.each(['that nobody watched', 'that was watched before'])(
  'is told of a request %s when whoever asked left before, and not before it returns',
  async (kind) => {
    const { client, raw, reply } = await ask()
    if (kind === 'that was watched before') whenDone(reply, () => undefined)
    const closed = new Promise((resolve) => raw.socket.once('close', resolve))
    client.resetAndDestroy()
    await closed
    let told = 0
    whenDone(reply, () => {
      told += 1
    })
    expect(told).toBe(0)
    await until(() => told > 0, 5_000, 'it is told')
    expect(told).toBe(1)
  },
)
