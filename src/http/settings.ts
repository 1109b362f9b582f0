/** Where and how the web is served: what the root's configuration says, and `$RQD_HTTP` before it. Pure. */
import { type Address, DEFAULT_ADDRESS, type HttpInput, isNetwork, parseAddress } from '../config/schema-http.ts'

export interface HttpSettings {
  /** undefined: no TCP port. */
  readonly listen: Address | undefined
  /** The path of a Unix socket. */
  readonly socket: string | undefined
  readonly hosts: readonly string[]
  /** '' or a path such as `/rq`. */
  readonly prefix: string
  /** Addresses and networks of proxies that are believed. */
  readonly trustProxy: readonly string[]
  /** Plain HTTP beyond this machine, on purpose. */
  readonly insecure: boolean
  readonly tls: { readonly cert: string; readonly key: string } | undefined
}

/** A sentence when an address is none. */
export function httpSettings(config: HttpInput, env: string | undefined): HttpSettings | string {
  const listen = listenAddress(config, env)
  if (typeof listen === 'string') return listen
  const { socket, hosts = [], prefix = '', trust_proxy = [], insecure = false, tls } = config
  const odd = trust_proxy.find((text) => !isNetwork(text))
  if (odd !== undefined)
    return `http.trust_proxy: "${odd}" is no address or network, such as "127.0.0.1" or "10.0.0.0/8"`
  return { listen: listen ?? undefined, socket, hosts, prefix, trustProxy: trust_proxy, insecure, tls }
}

function listenAddress(config: HttpInput, env: string | undefined): Address | null | string {
  if (env !== undefined && env !== '') {
    if (env === 'off') return null
    return parseAddress(env) ?? `RQD_HTTP="${env}" is no address: give HOST:PORT, a port, or "off"`
  }
  if (config.listen === false) return null
  return (config.listen === undefined ? undefined : parseAddress(config.listen)) ?? DEFAULT_ADDRESS
}

/** Nobody but this machine can reach it. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host)
}

/** Why it is not served so: passwords would be read by who sees the network. undefined where it may be. */
export function openRefusal(settings: HttpSettings): string | undefined {
  if (!isOpen(settings) || settings.insecure || settings.trustProxy.length > 0) return undefined
  const { host, port } = settings.listen ?? DEFAULT_ADDRESS
  return (
    `others can reach ${host}:${port}, and plain HTTP would show them passwords and the token: give http.tls {cert, key}, ` +
    'or http.trust_proxy if a proxy with TLS stands before it, or "insecure": true if the network is safe, in config.json'
  )
}

/** Of what is served so all the same. */
export function openWarning(settings: HttpSettings): string | undefined {
  if (!isOpen(settings)) return undefined
  const { host, port } = settings.listen ?? DEFAULT_ADDRESS
  return `plain HTTP on ${host}:${port}: who sees the network sees passwords and the token`
}

function isOpen({ listen, tls }: HttpSettings): boolean {
  return listen !== undefined && tls === undefined && !isLoopback(listen.host)
}

/** As people write it. */
export function urlOf({ tls, prefix }: HttpSettings, { host, port }: Address): string {
  return `${tls === undefined ? 'http' : 'https'}://${host.includes(':') ? `[${host}]` : host}:${port}${prefix}`
}
