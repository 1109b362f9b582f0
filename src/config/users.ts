/** `$ROOT/_users`: who may sign in by name, what he may do, and the hash of his password. Readable by its owner only. */
import { closeSync } from 'node:fs'
import { join } from 'node:path'
import * as v from 'valibot'
import { ROLES } from '../domain/roles.ts'
import { tryLock } from '../os/lock.ts'
import { isPasswordHash } from './password.ts'
import { PrivateFileError, readPrivate, writePrivate } from './private-file.ts'

/** Names of callers that are no users. */
const RESERVED: ReadonlySet<string> = new Set(['token', 'socket'])
const NAME = /^[\p{L}\p{N}](?:[\p{L}\p{N}._@-]{0,62}[\p{L}\p{N}])?$/u
const MOST = 1_000

const UserForm = v.object({
  name: v.pipe(v.string(), v.check(isUserName)),
  role: v.picklist(ROLES),
  password: v.pipe(v.string(), v.check(isPasswordHash)),
})
const UsersForm = v.pipe(v.string(), v.parseJson(), v.pipe(v.array(UserForm), v.maxLength(MOST)))

export type User = v.InferOutput<typeof UserForm>

export function usersPath(root: string): string {
  return join(root, '_users')
}

export function isUserName(text: string): boolean {
  return NAME.test(text) && !RESERVED.has(text)
}

/** None when there is no such file. Throws in words when it is there and cannot be used. */
export function readUsers(root: string): readonly User[] {
  const path = usersPath(root)
  const text = readPrivate(path, 'remove it, and no user can sign in')
  if (text === undefined) return []
  const parsed = v.safeParse(UsersForm, text)
  const fix = 'make it with `rqd user add`'
  if (!parsed.success) {
    const key = v.getDotPath(parsed.issues[0])
    throw new PrivateFileError(`${path} is no list of users${key === null ? '' : `, at ${key}`}: ${fix}`)
  }
  const names = parsed.output.map(({ name }) => name)
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined) throw new PrivateFileError(`${path} names "${twice}" twice: ${fix}`)
  return parsed.output
}

/** One at a time; false when another command changes them right now. */
export function changeUsers(root: string, change: (users: readonly User[]) => readonly User[]): boolean {
  const lock = tryLock(`${usersPath(root)}.lock`)
  if (lock === undefined) return false
  try {
    const users = change(readUsers(root)).toSorted((a, b) => (a.name < b.name ? -1 : 1))
    writePrivate(usersPath(root), `${JSON.stringify(users, undefined, 2)}\n`)
    return true
  } finally {
    closeSync(lock)
  }
}
