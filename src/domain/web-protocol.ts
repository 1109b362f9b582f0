/** What the supervisor and the process that serves the web tell each other over the fork's channel. */

export type FromWeb =
  /** `addresses`: where it serves, as people write them; without a token. */
  | { readonly type: 'listening'; readonly addresses: readonly string[] }
  /** It cannot serve, and says why: the port is taken, a certificate is missing. */
  | { readonly type: 'refused'; readonly why: string }
  /** It serves, and something should be looked at. */
  | { readonly type: 'warning'; readonly text: string }
  /** The configuration says that nothing is to be served. */
  | { readonly type: 'off' }

/** `dist/http.cjs`, with these in its environment. */
export const WEB_ENV = {
  root: 'RQD_ROOT',
  /** `HOST:PORT`, a port, or `off`: before what `http.listen` says. */
  listen: 'RQD_HTTP',
} as const

/** How it exits. Anything else is a crash. */
export const WEB_EXIT = {
  asked: 0,
  /** It said why. */
  refused: 111,
} as const
