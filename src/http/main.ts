/** The process that serves the web: forked by the supervisor, ended by its death (domain/web-protocol.ts). */
import { resolve } from 'node:path'
import type { Server as TlsServer } from 'node:tls'
import type { FastifyInstance } from 'fastify'
import { formatProblem, loadRootConfig } from '../config/config.ts'
import { PrivateFileError } from '../config/private-file.ts'
import { resolveRoot } from '../config/root.ts'
import { ensureToken } from '../config/token.ts'
import { readUsers } from '../config/users.ts'
import { writeAddresses } from '../config/web-addresses.ts'
import { type FromWeb, WEB_ENV, WEB_EXIT } from '../domain/web-protocol.ts'
import { errnoOf } from '../os/errno.ts'
import { portHolder } from '../os/port-holder.ts'
import { Audit } from './audit.ts'
import { Refusal } from './refusal.ts'
import { makeServer } from './server.ts'
import { type HttpSettings, httpSettings, openRefusal, openWarning, urlOf } from './settings.ts'
import { dropBroken, type Identity, readIdentity, type TlsFiles, watchIdentity } from './tls.ts'
import { listenOnSocket } from './unix-socket.ts'

process.umask(0o077)

async function main(root: string): Promise<void> {
  const settings = settingsOf(root)
  if (settings.listen === undefined && settings.socket === undefined) return leave({ type: 'off' }, WEB_EXIT.asked)
  ensureToken(root)
  readUsers(root)
  const shared = { root, settings, audit: new Audit(root) }
  const servers: FastifyInstance[] = []
  const addresses: string[] = []
  if (settings.listen !== undefined) {
    const refusal = openRefusal(settings)
    if (refusal !== undefined) throw new Refusal(refusal)
    const files = tlsFiles(root, settings)
    const tls = files === undefined ? undefined : identityOf(files)
    const server = await makeServer({ ...shared, tls, isPrivate: false })
    servers.push(server)
    addresses.push(await listen(server, settings))
    if (files !== undefined) serveTls(server.server as unknown as TlsServer, files)
    for (const text of [openWarning(settings) ?? [], tls?.warnings ?? []].flat()) tell({ type: 'warning', text })
  }
  if (settings.socket !== undefined) {
    const server = await makeServer({ ...shared, tls: undefined, isPrivate: true })
    servers.push(server)
    addresses.push(await listenOnSocket(server, resolve(root, settings.socket)))
  }
  writeAddresses(root, addresses)
  const end = () => void Promise.all(servers.map((server) => server.close())).then(() => process.exit(WEB_EXIT.asked))
  process.once('SIGTERM', end)
  process.once('disconnect', end)
  tell({ type: 'listening', addresses })
}

function settingsOf(root: string): HttpSettings {
  const loaded = loadRootConfig(root)
  if (loaded.kind === 'bad') throw new Refusal(loaded.problems.map(formatProblem).join('; '))
  const settings = httpSettings(loaded.config.http, process.env[WEB_ENV.listen])
  if (typeof settings === 'string') throw new Refusal(settings)
  return settings
}

function tlsFiles(root: string, { tls }: HttpSettings): TlsFiles | undefined {
  return tls === undefined ? undefined : { cert: resolve(root, tls.cert), key: resolve(root, tls.key) }
}

function identityOf(files: TlsFiles): Identity {
  const identity = readIdentity(files, Date.now())
  if (typeof identity === 'string') throw new Refusal(identity)
  return identity
}

function serveTls(server: TlsServer, files: TlsFiles): void {
  dropBroken(server)
  watchIdentity(files, server, (text) => tell({ type: 'warning', text }))
}

async function listen(server: FastifyInstance, settings: HttpSettings): Promise<string> {
  const { host, port } = settings.listen ?? { host: '127.0.0.1', port: 0 }
  try {
    await server.listen({ host, port })
  } catch (error) {
    throw new Refusal(refusedText(errnoOf(error), host, port))
  }
  const address = server.server.address()
  return urlOf(settings, { host, port: typeof address === 'object' && address !== null ? address.port : port })
}

function refusedText(code: string | undefined, host: string, port: number): string {
  const fix = 'give another with http.listen in config.json, or `rqd start --http PORT`'
  if (code === 'EADDRINUSE') return `port ${port} is taken by ${portHolder(port) ?? 'another process'}: ${fix}`
  if (code === 'EACCES') return `port ${port} needs privileges: ${fix}`
  return `cannot listen on ${host}:${port} (${code}): ${fix}`
}

function tell(word: FromWeb): void {
  if (process.connected === true) process.send?.(word, undefined, undefined, () => undefined)
}

/** Its last word is sent before it goes. */
function leave(word: FromWeb, code: number): void {
  if (process.connected !== true || process.send === undefined) process.exit(code)
  process.send(word, undefined, undefined, () => process.exit(code))
}

main(resolveRoot(process.env[WEB_ENV.root])).catch((error: unknown) => {
  // What the system refuses now it may grant later; a bug crashes.
  const isExpected = error instanceof Refusal || error instanceof PrivateFileError || errnoOf(error) !== undefined
  if (!isExpected) throw error
  leave({ type: 'refused', why: error instanceof Error ? error.message : String(error) }, WEB_EXIT.refused)
})
