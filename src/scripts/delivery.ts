/** What there is to deliver, and how that went. */
import type { Alert } from '../domain/alert-text.ts'
import type { AlertPolicy } from '../domain/alerts.ts'

export interface Order {
  /** Of the item: the same at every try, so that who gets it twice can tell. */
  readonly id: string
  readonly alert: Pick<Alert, 'queue' | 'subject' | 'body'>
  readonly to: string
  readonly policy: AlertPolicy
  /** The directory of the queue that it is about. */
  readonly queuePath: string
}

export type Delivery =
  | { readonly kind: 'sent'; readonly text: string }
  /** Waiting may help. */
  | { readonly kind: 'later'; readonly why: string }
  /** Waiting does not help. */
  | { readonly kind: 'refused'; readonly why: string }

export const TIMEOUT_MS = 30_000

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
