/** Who is signed in, and what he may do. */
import { signal } from '@preact/signals'
import { apiUrl, change, OURS, Refusal } from './api.ts'

export interface Caller {
  readonly name: string
  readonly role: 'viewer' | 'operator' | 'admin'
}

export type Session =
  | { readonly kind: 'asking' }
  | { readonly kind: 'out' }
  | { readonly kind: 'in'; readonly caller: Caller }

export const session = signal<Session>({ kind: 'asking' })

const RANK = { viewer: 0, operator: 1, admin: 2 } as const

export function may(role: Caller['role']): boolean {
  const { value } = session
  return value.kind === 'in' && RANK[value.caller.role] >= RANK[role]
}

export async function askWhoWeAre(): Promise<void> {
  const response = await fetch(apiUrl('/session'))
  session.value = response.ok ? { kind: 'in', caller: (await response.json()) as Caller } : { kind: 'out' }
}

/** A sentence when it was refused. */
export async function signIn(credentials: object): Promise<string | undefined> {
  try {
    await change('POST', '/session', credentials)
    await askWhoWeAre()
    return undefined
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    return error.message
  }
}

export async function signOut(): Promise<void> {
  await fetch(apiUrl('/session'), { method: 'DELETE', headers: OURS })
  session.value = { kind: 'out' }
}
