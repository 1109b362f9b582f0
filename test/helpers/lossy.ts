/** A connection that loses answers: what was asked arrives, and nobody hears how it went. */
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { portOf } from './raw.ts'

export interface Lossy {
  readonly url: string
  /** Requests whose answers were lost. */
  readonly lost: number
  loses: boolean
  close(): void
}

/** Passes everything on to the server; while it `loses`, the answer to a request that begins like this cuts the connection. */
export async function lossyProxy(web: { readonly url: string }, request: RegExp): Promise<Lossy> {
  const sockets = new Set<Socket>()
  const state = { lost: 0, loses: true }
  const server = createServer((client) => {
    const upstream = connect(portOf(web), '127.0.0.1')
    let isDoomed = false
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        sockets.delete(socket)
        other.destroy()
      })
    }
    client.on('data', (data) => {
      if (state.loses && request.test(data.toString('latin1'))) isDoomed = true
      upstream.write(data)
    })
    upstream.on('data', (data) => {
      if (!isDoomed) return void client.write(data)
      state.lost += 1
      client.resetAndDestroy()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get lost() {
      return state.lost
    },
    get loses() {
      return state.loses
    },
    set loses(loses) {
      state.loses = loses
    },
    close: () => {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}
