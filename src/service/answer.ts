/** What a verb answers: a value, and what went wrong in words. Only bugs and a broken world are thrown. */

/** The kinds of refusal; the CLI turns them into exit codes, an API into status codes. */
export type ProblemKind = 'failed' | 'usage' | 'not-found' | 'daemon-down' | 'unknown-outcome' | 'busy'

export interface Problem {
  readonly kind: ProblemKind
  readonly text: string
}

/** What became of many items, in numbers. */
export interface Counts {
  readonly matched: number
  readonly did: readonly { readonly queue: string; readonly did: string; readonly count: number }[]
  readonly refused: number
}

/** A value may stand beside problems: of many items, some were done and some refused. */
export interface Answer<V> {
  readonly value: V | undefined
  readonly problems: readonly Problem[]
  /** Of many items: how many, where the value may be only the first of them (`Context.mostRows`). */
  readonly counts?: Counts
  /** The value itself tells of a failure: nothing more is to be said, but it is none the less. */
  readonly failed?: boolean
  /** Of a verb whose exit codes are its own. */
  readonly exit?: number
}

export function ok<V>(value: V, problems: readonly Problem[] = []): Answer<V> {
  return { value, problems }
}

export function refuse(kind: ProblemKind, text: string): Answer<never> {
  return { value: undefined, problems: [{ kind, text }] }
}

export function problem(kind: ProblemKind, text: string): Problem {
  return { kind, text }
}

/** No value of a verb has a `kind`. */
export function isProblem(value: object): value is Problem {
  return 'kind' in value
}
