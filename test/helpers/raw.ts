/** Talking HTTP byte by byte, as no library would. */
import { request as httpRequest } from 'node:http'
import { connect, type Socket } from 'node:net'
import type { Web } from './web.ts'

export function portOf(web: { readonly url: string }): number {
  return Number(new URL(web.url).port)
}

/** Sends this and gives back all that comes until the other side closes, or for so long. */
export function exchange(web: { readonly url: string }, sent: string | Buffer, ms = 15_000): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(portOf(web), '127.0.0.1')
    let got = ''
    const timer = setTimeout(() => socket.destroy(), ms)
    socket.setEncoding('latin1').on('data', (text: string) => {
      got += text
    })
    // What is cut off is what these tests are about.
    socket.on('error', () => undefined)
    socket.on('close', () => {
      clearTimeout(timer)
      resolve(got)
    })
    socket.write(sent)
  })
}

/** The statuses of all answers in there, one after the other. */
export function statuses(text: string): number[] {
  return [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status))
}

/** An open connection that is never read, unless `data` is listened for; counts what closes it. */
export function open(web: { readonly url: string }, sent = ''): Socket {
  const socket = connect(portOf(web), '127.0.0.1')
  socket.on('error', () => undefined)
  if (sent !== '') socket.write(sent)
  return socket
}

export interface Asked {
  readonly status: number
  readonly headers: NodeJS.Dict<string | string[]>
  readonly text: string
}

/** With just these headers, and a path that nobody makes pretty. */
export function ask(
  web: Web,
  method: string,
  path: string,
  headers: Readonly<Record<string, string>> = {},
  body?: string,
): Promise<Asked> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      { host: '127.0.0.1', port: portOf(web), method, path, headers, agent: false },
      (response) => {
        let text = ''
        response.setEncoding('latin1').on('data', (piece: string) => {
          text += piece
        })
        response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }))
        response.on('error', reject)
      },
    )
    request.on('error', reject).end(body)
  })
}
