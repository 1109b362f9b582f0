/** A real mail server on a loopback port, and a real web server: what they got, and how they behave. */
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import PostalMime, { type Email } from 'postal-mime'
import { SMTPServer } from 'smtp-server'
import { afterAll } from 'vitest'

const closing: (() => void)[] = []
afterAll(() => {
  for (const close of closing) close()
})

export interface Received {
  readonly from: string
  readonly to: readonly string[]
  readonly mail: Email
  readonly raw: string
}

export interface Mailbox {
  readonly port: number
  readonly url: string
  readonly received: Received[]
  /** How often somebody came. */
  connections: number
  close(): Promise<void>
}

export interface MailboxOptions {
  readonly port?: number
  /** What is answered to each recipient instead of 250. */
  readonly refuse?: () => number | undefined
  /** Who may send. */
  readonly login?: { readonly user: string; readonly pass: string }
  readonly delayMs?: number
}

export async function openMailbox(options: MailboxOptions = {}): Promise<Mailbox> {
  const received: Received[] = []
  const server = new SMTPServer({
    authOptional: options.login === undefined,
    allowInsecureAuth: true,
    disabledCommands: ['STARTTLS'],
    logger: false,
    onConnect: (_session, done) => {
      box.connections += 1
      setTimeout(done, options.delayMs ?? 0)
    },
    onAuth: ({ username, password }, _session, done) => {
      const isRight = username === options.login?.user && password === options.login?.pass
      if (isRight) done(null, { user: username })
      else done(Object.assign(new Error('no'), { responseCode: 535 }))
    },
    onRcptTo: (_address, _session, done) => {
      const code = options.refuse?.()
      done(code === undefined ? null : Object.assign(new Error('refused here'), { responseCode: code }))
    },
    onData: (stream, session, done) => {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        const raw = Buffer.concat(chunks)
        const { mailFrom, rcptTo } = session.envelope
        void PostalMime.parse(raw).then((mail) => {
          const from = mailFrom === false ? '' : mailFrom.address
          received.push({ from, to: rcptTo.map(({ address }) => address), mail, raw: raw.toString() })
          done()
        })
      })
    },
  })
  // A client that is killed is none of the server's business.
  server.on('error', () => undefined)
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', () => resolve()))
  const { port } = server.server.address() as AddressInfo
  const close = () => new Promise<void>((resolve) => server.close(() => resolve()))
  closing.push(() => void close())
  const box: Mailbox = { port, url: `smtp://127.0.0.1:${port}`, received, connections: 0, close }
  return box
}

export interface Posted {
  readonly body: Record<string, unknown>
  readonly headers: IncomingHttpHeaders
}

export interface Hook {
  readonly url: string
  readonly posted: Posted[]
}

/** Answers with these statuses, one after the other, the last one for ever; a text is where it redirects to. */
export async function openHook(...answers: readonly (number | string)[]): Promise<Hook> {
  const posted: Posted[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', (text: string) => {
      body += text
    })
    request.on('end', () => {
      posted.push({ body: JSON.parse(body), headers: request.headers })
      const answer = answers[Math.min(posted.length, answers.length) - 1] ?? 200
      if (typeof answer === 'string') response.writeHead(302, { Location: answer })
      else response.writeHead(answer)
      response.end('thank you')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
  closing.push(() => server.close())
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, posted }
}
