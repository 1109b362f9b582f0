/** Who calls, and what he may do. */
import { ROLES, type Role } from '../domain/roles.ts'

export type { Role } from '../domain/roles.ts'

export interface Caller {
  /** Of a user; `token` is who has the root's token, `socket` who may open the Unix socket. */
  readonly name: string
  readonly role: Role
}

export function mayActAs(caller: Caller, needed: Role): boolean {
  return ROLES.indexOf(caller.role) >= ROLES.indexOf(needed)
}
