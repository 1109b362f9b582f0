/** The certificate and its key: read, checked, and read again when they change. What is wrong is a sentence with the file and the fix. */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { readFileSync, statSync, unwatchFile, watchFile } from 'node:fs'
import type { TLSSocket, Server as TlsServer } from 'node:tls'
import type { Millis } from '../domain/name.ts'
import { errnoOf } from '../os/errno.ts'

export interface TlsFiles {
  readonly cert: string
  readonly key: string
}

export interface Identity {
  readonly cert: Buffer
  readonly key: Buffer
  /** What should be looked at; it serves all the same. */
  readonly warnings: readonly string[]
}

/** What is older cannot be trusted (RFC 8996). */
export const TLS_OPTIONS = { minVersion: 'TLSv1.2', handshakeTimeout: 10_000 } as const

const LOOK_EVERY: Millis = 5_000
const WARN_BEFORE: Millis = 14 * 24 * 3600_000

/** A sentence when they cannot be used. */
export function readIdentity(files: TlsFiles, now: Millis): Identity | string {
  const cert = bytesOf('cert', files.cert)
  const key = bytesOf('key', files.key)
  if (typeof cert === 'string') return cert
  if (typeof key === 'string') return key
  const certificate = certificateIn(cert)
  if (certificate === undefined)
    return `http.tls.cert: ${files.cert} holds no certificate in PEM form ("-----BEGIN CERTIFICATE-----")`
  const secret = keyIn(key)
  if (secret === undefined)
    return `http.tls.key: ${files.key} holds no private key in PEM form without a passphrase ("-----BEGIN PRIVATE KEY-----")`
  if (!certificate.checkPrivateKey(secret))
    return `http.tls: the key ${files.key} does not belong to the certificate ${files.cert} (of ${certificate.subject}): give the two that were made together; the server's own certificate comes first in its file`
  return { cert, key, warnings: [...ofTime(certificate, files, now), ...ofMode(files)] }
}

/** Calls back with what it found when a file has changed and can be used; `warn` says why it cannot. */
export function watchIdentity(files: TlsFiles, server: TlsServer, warn: (text: string) => void): () => void {
  const paths = [files.cert, files.key]
  const look = () => {
    const identity = readIdentity(files, Date.now())
    // Between the renames of the two the new key meets the old certificate: both change, and it is asked again.
    if (typeof identity === 'string') return warn(`${identity}; the old ones serve on`)
    server.setSecureContext({ ...TLS_OPTIONS, cert: identity.cert, key: identity.key })
    for (const text of identity.warnings) warn(text)
  }
  for (const path of paths) watchFile(path, { interval: LOOK_EVERY, persistent: false }, look)
  return () => {
    for (const path of paths) unwatchFile(path, look)
  }
}

/** Who connects and is not understood, a plain HTTP client for one, is cut off. */
export function dropBroken(server: TlsServer): void {
  server.on('tlsClientError', (_error, socket: TLSSocket) => socket.destroy())
}

function bytesOf(what: 'cert' | 'key', path: string): Buffer | string {
  try {
    return readFileSync(path)
  } catch (error) {
    const code = errnoOf(error)
    if (code === undefined) throw error
    const fix = code === 'EACCES' ? 'let the user of the daemon read it' : 'give the path of a PEM file'
    return `http.tls.${what}: cannot read ${path} (${code}): ${fix}`
  }
}

function certificateIn(pem: Buffer): X509Certificate | undefined {
  try {
    return new X509Certificate(pem)
  } catch (error) {
    // OpenSSL's own words say nothing to people.
    if (!(error instanceof Error)) throw error
    return undefined
  }
}

function keyIn(pem: Buffer): KeyObject | undefined {
  try {
    return createPrivateKey(pem)
  } catch (error) {
    if (!(error instanceof Error)) throw error
    return undefined
  }
}

function ofTime({ validFrom, validTo }: X509Certificate, { cert }: TlsFiles, now: Millis): string[] {
  const until = Date.parse(validTo)
  if (Date.parse(validFrom) > now) return [`http.tls.cert: ${cert} is not valid before ${validFrom}`]
  if (until < now) return [`http.tls.cert: ${cert} expired on ${validTo}: browsers refuse it; renew it`]
  return until < now + WARN_BEFORE ? [`http.tls.cert: ${cert} expires on ${validTo}: renew it`] : []
}

function ofMode({ key }: TlsFiles): string[] {
  return (statSync(key).mode & 0o007) === 0 ? [] : [`http.tls.key: ${key} can be read by everybody: chmod o= it`]
}
