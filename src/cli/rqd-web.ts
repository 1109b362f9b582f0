/** `rqd web`: where the pages are. */
import { readToken, replaceToken } from '../config/token.ts'
import { readAddresses } from '../config/web-addresses.ts'
import { complain, EXIT, type RqdOptions, rootOf, say, sayJson } from './rqd-common.ts'

export async function web(options: RqdOptions): Promise<number> {
  const root = rootOf(options)
  if (options.newToken === true) replaceToken(root)
  const addresses = readAddresses(root)
  if (addresses === undefined) {
    complain(`nothing serves the web of ${root}: \`rqd status\` says whether a daemon runs, its log why`)
    return EXIT.daemonDown
  }
  if (options.json === true) sayJson({ root, addresses, token: readToken(root) ?? null })
  else say(webLinks(root, addresses))
  return EXIT.ok
}

/** One line each; what is no URL, a socket, needs no token. */
export function webLinks(root: string, addresses: readonly string[]): string {
  const token = readToken(root)
  const link = (address: string) =>
    address.startsWith('http') && token !== undefined ? `${address}/?token=${token}` : address
  return addresses.map((address) => `web: ${link(address)}`).join('\n')
}
