/** `http` of the root: where the web pages and the API are served, and for whom (docs/WEB.md). */
import { isIP } from 'node:net'
import * as v from 'valibot'
import { described, flag, say, word } from './forms.ts'

/** `HOST:PORT`, `[IPv6]:PORT` or a bare port. */
const ADDRESS =
  /^(?:(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+):)?(\d{1,4}|[1-5]\d{4}|6[0-4]\d{3}|65[0-4]\d{2}|655[0-2]\d|6553[0-5])$/

const address = v.pipe(
  v.string(say('an address', '"127.0.0.1:7730"')),
  v.regex(ADDRESS, say('an address', '"127.0.0.1:7730"')),
)
const hostName = v.pipe(v.string('must be a text'), v.regex(/^[A-Za-z0-9.:[\]-]+$/, 'is no name of a host'))

const network = v.pipe(
  v.string('must be a text'),
  v.regex(/^[0-9A-Fa-f.:]+(?:\/\d{1,3})?$/, 'is no address or network, such as "127.0.0.1" or "10.0.0.0/8"'),
)

const section = v.strictObject(
  {
    listen: described(
      v.union([v.literal(false), address], `${say('an address', '"127.0.0.1:7730"')}, or false`),
      'Where to serve. false: no TCP port. Default: 127.0.0.1:7730.',
    ),
    socket: described(word, 'A Unix socket to serve on as well; who may open it (mode 0600) needs no token.'),
    hosts: described(
      v.array(hostName, 'must be a list of names of hosts'),
      'Names that browsers may call this server, beside localhost and its own address.',
    ),
    prefix: described(
      v.pipe(v.string('must be a text'), v.regex(/^(?:\/[A-Za-z0-9._~-]+)+$/, say('a path', '"/rq"'))),
      'The path under which a proxy shows this server.',
    ),
    trust_proxy: described(
      v.array(network, 'must be a list of addresses or networks, such as ["127.0.0.1", "10.0.0.0/8"]'),
      'Proxies whose X-Forwarded-For, -Host and -Proto are believed. Default: none.',
    ),
    insecure: described(flag, 'Serve plain HTTP also where others can reach it. Default: false.'),
    tls: described(
      v.strictObject({ cert: word, key: word }, 'must be {cert, key}: two PEM files'),
      'Serve HTTPS with these files; relative paths start at the root.',
    ),
  },
  'must be an object',
)

export const httpKeys = { http: described(section, 'The web pages and the API.') } as const

export type HttpInput = v.InferInput<typeof section>

export interface Address {
  readonly host: string
  readonly port: number
}

/** Where the web is served unless somebody says otherwise. */
export const DEFAULT_ADDRESS: Address = { host: '127.0.0.1', port: 7730 }

/** What the pattern cannot say. */
export function isNetwork(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/')
  const family = isIP(address)
  if (family === 0 || rest.length > 0) return false
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128))
}

export function parseAddress(text: string): Address | undefined {
  const [, host, digits] = ADDRESS.exec(text) ?? []
  if (digits === undefined) return undefined
  return { host: host?.replace(/^\[|\]$/g, '') ?? DEFAULT_ADDRESS.host, port: Number(digits) }
}
