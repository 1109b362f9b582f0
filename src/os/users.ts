/** Accounts of this system, as its own `getent` knows them. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { errnoOf } from './errno.ts'

export interface Account {
  readonly uid: number
  /** undefined for a number that nobody has. */
  readonly entry:
    | { readonly name: string; readonly gid: number; readonly home: string; readonly shell: string }
    | undefined
}

const REMEMBERED_MS = 10_000
const remembered = new Map<string, { readonly fields: readonly string[] | undefined; readonly until: number }>()

/** A user by name or number; undefined: there is none of that name. */
export function findUser(user: string): Account | undefined {
  const fields = lookUp('passwd', user)
  if (fields === undefined) return /^\d+$/.test(user) ? { uid: Number(user), entry: undefined } : undefined
  const [name = '', , uid, gid, , home = '', shell = ''] = fields
  return { uid: Number(uid), entry: { name, gid: Number(gid), home, shell } }
}

/** A group's number, by name or number; undefined: there is none of that name. */
export function findGroup(group: string): number | undefined {
  if (/^\d+$/.test(group)) return Number(group)
  const gid = lookUp('group', group)?.[2]
  return gid === undefined ? undefined : Number(gid)
}

function lookUp(database: 'passwd' | 'group', key: string): readonly string[] | undefined {
  const at = `${database} ${key}`
  const now = performance.now()
  const known = remembered.get(at)
  if (known !== undefined && now < known.until) return known.fields
  const fields = ask(database, key)?.split(':')
  remembered.set(at, { fields, until: now + REMEMBERED_MS })
  return fields
}

function ask(database: 'passwd' | 'group', key: string): string | undefined {
  const { status, stdout, error } = spawnSync('getent', [database, '--', key], { encoding: 'utf8', timeout: 10_000 })
  if (error === undefined) return status === 0 ? stdout.split('\n')[0] : undefined
  if (errnoOf(error) !== 'ENOENT') throw error
  // A small system without getent has its accounts in files.
  const lines = readFileSync(`/etc/${database}`, 'utf8').split('\n')
  return lines.find((line) => {
    const [name, , number] = line.split(':')
    return name === key || number === key
  })
}
