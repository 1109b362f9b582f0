/**
 * What a verb is: its words, what it takes, and what it does. The command line, its help and its completion are
 * made from these specifications; nothing about a verb is written twice.
 */
import type { State } from '../domain/item.ts'
import type { ItemId, Millis } from '../domain/name.ts'
import type { BytePath } from '../fsqueue/place.ts'
import type { Answer } from './answer.ts'
import type { Context } from './context.ts'

/** What a given text is read as (values.ts). */
export interface Values {
  readonly flag: boolean
  readonly text: string
  /** A queue's name, not yet looked for. */
  readonly queue: string
  /** An id, a unique part of one, a dropped file's name, or QUEUE/any of them. */
  readonly item: string
  /** Of a query (docs/QUERY.md), not yet parsed. */
  readonly query: string
  /** A file's path, byte for byte. */
  readonly path: BytePath
  readonly id: ItemId
  readonly priority: number
  readonly count: number
  /** A place in a file, or a length of it. */
  readonly bytes: number
  readonly duration: Millis
  readonly time: Millis
  readonly tag: string
  /** `key=value` */
  readonly pair: readonly [string, string]
}
export type ValueType = keyof Values

export interface Spec {
  readonly type: ValueType
  readonly summary: string
  readonly many?: boolean
  /** Of an argument: it may be left out. */
  readonly optional?: boolean
  /** What stands for the value in the help; its type's word by default. */
  readonly value?: string
  readonly short?: string
  /** Of an item: the states that make sense. Of a text: the words that do. For completion. */
  readonly states?: readonly State[]
  readonly words?: readonly string[]
}
export type Specs = Readonly<Record<string, Spec>>

type Given<S extends Spec> = S extends { readonly many: true } ? readonly Values[S['type']][] : Values[S['type']]
type Arguments<A extends Specs> = {
  readonly [K in keyof A]: A[K] extends { readonly many: true }
    ? Given<A[K]>
    : A[K] extends { readonly optional: true }
      ? Given<A[K]> | undefined
      : Given<A[K]>
}
type Options<O extends Specs> = {
  readonly [K in keyof O]: O[K] extends { readonly many: true } | { readonly type: 'flag' }
    ? Given<O[K]>
    : Given<O[K]> | undefined
}
export type Input<A extends Specs, O extends Specs> = Arguments<A> & Options<O>

export interface Example {
  readonly command: string
  readonly says: string
}

export interface Verb<A extends Specs = Specs, O extends Specs = Specs, V = unknown> {
  readonly summary: string
  /** More to say than one line, for its help. */
  readonly details?: string
  /** In their order; only the last may be `many`. */
  readonly arguments: A
  readonly options: O
  readonly examples: readonly Example[]
  /** The exit code of misuse and of trouble, of a verb whose exit codes are its own. */
  readonly trouble?: number
  readonly run: (context: Context, input: Input<A, O>) => Promise<Answer<V>>
}

/** Keeps the types of a specification, so that `run` gets exactly what it declares. */
export function defineVerb<const A extends Specs, const O extends Specs, V>(verb: Verb<A, O, V>): Verb<A, O, V> {
  return verb
}
