/** An alert as a mail: plain text, through one configured server. The password is never shown. */
import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { resolve } from 'node:path'
import nodemailer from 'nodemailer'
import type { AlertPolicy } from '../domain/alerts.ts'
import { type Delivery, messageOf, type Order, TIMEOUT_MS } from './delivery.ts'

const SMTP_PORTS: Readonly<Record<string, number>> = { 'smtp:': 25, 'smtps:': 465 }

export async function sendMail({ id, alert, to, policy, queuePath }: Order): Promise<Delivery> {
  let server = ''
  try {
    const url = new URL(policy.smtp)
    server = url.host
    const transport = nodemailer.createTransport({
      host: url.hostname.replace(/^\[|\]$/g, ''),
      port: Number(url.port || SMTP_PORTS[url.protocol]),
      secure: url.protocol === 'smtps:',
      // A server on this machine shows a certificate of its own making, if any.
      ignoreTLS: /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(url.hostname),
      connectionTimeout: TIMEOUT_MS,
      greetingTimeout: TIMEOUT_MS,
      socketTimeout: TIMEOUT_MS,
      disableFileAccess: true,
      disableUrlAccess: true,
      ...credentials(url, policy, queuePath),
    })
    const { accepted, rejected } = await transport.sendMail({
      from: policy.from ?? `rqd@${hostname()}`,
      to: to.slice('mailto:'.length).split(','),
      subject: alert.subject,
      text: alert.body,
      messageId: `<${id}@${hostname()}>`,
      headers: { 'Auto-Submitted': 'auto-generated' },
    })
    const some = rejected.length === 0 ? '' : `; refused: ${rejected.map(String).join(', ')}`
    return { kind: 'sent', text: `mailed to ${accepted.map(String).join(', ')}${some}` }
  } catch (error) {
    const why = `${server || 'alerts.smtp'}: ${messageOf(error)}`
    return isFinal(error) ? { kind: 'refused', why } : { kind: 'later', why }
  }
}

function credentials(url: URL, policy: AlertPolicy, queuePath: string) {
  if (url.username === '') return {}
  const file = policy.smtpPasswordFile
  const pass =
    file === undefined ? decodeURIComponent(url.password) : readFileSync(resolve(queuePath, file), 'utf8').trimEnd()
  return { auth: { user: decodeURIComponent(url.username), pass } }
}

/** The server will not take this mail, ever: all who get it are refused, or what it says is. Not: it refuses us. */
function isFinal(error: unknown): boolean {
  if (!(error instanceof Error) || !('responseCode' in error) || !('code' in error)) return false
  const isOfMail = error.code === 'EENVELOPE' || error.code === 'EMESSAGE'
  return isOfMail && Number(error.responseCode) >= 500
}
