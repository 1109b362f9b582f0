/** `$ROOT/_token`: who knows it may do everything over the web. Made once, readable by its owner only. */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { makePrivate, PrivateFileError, readPrivate, writePrivate } from './private-file.ts'

const BYTES = 24
const FORM = /^[A-Za-z0-9_-]{16,256}$/

export function tokenPath(root: string): string {
  return join(root, '_token')
}

/** The token of this root, made if there is none. Throws in words when the file is there and cannot be used. */
export function ensureToken(root: string): string {
  const token = readToken(root)
  if (token !== undefined) return token
  makePrivate(tokenPath(root), freshToken())
  return ensureToken(root)
}

/** In the place of the old one: with it end all sessions, those of users too. */
export function replaceToken(root: string): void {
  writePrivate(tokenPath(root), freshToken())
}

/** undefined when there is none. */
export function readToken(root: string): string | undefined {
  const path = tokenPath(root)
  const token = readPrivate(path, 'remove it, and a new one is made')?.trim()
  if (token === undefined || FORM.test(token)) return token
  throw new PrivateFileError(`${path} holds no token: 16 to 256 of A-Z a-z 0-9 _ -; remove it, and a new one is made`)
}

function freshToken(): string {
  return `${randomBytes(BYTES).toString('base64url')}\n`
}
