/** The token and the users of the root as they are now: read again when their files change, without a restart. */
import { type Stats, statSync } from 'node:fs'
import { PrivateFileError } from '../config/private-file.ts'
import { readToken, tokenPath } from '../config/token.ts'
import { readUsers, type User, usersPath } from '../config/users.ts'

export class Secrets {
  readonly #token: Fresh<string | undefined>
  readonly #users: Fresh<ReadonlyMap<string, User>>

  constructor(root: string) {
    this.#token = new Fresh(tokenPath(root), () => readToken(root), undefined)
    this.#users = new Fresh(
      usersPath(root),
      () => new Map(readUsers(root).map((user) => [user.name, user])),
      new Map<string, User>(),
    )
  }

  /** undefined while there is none that can be used: then nobody has it. */
  token(): string | undefined {
    return this.#token.value()
  }

  user(name: string): User | undefined {
    return this.#users.value().get(name)
  }
}

class Fresh<T> {
  readonly #path: string
  readonly #read: () => T
  /** While the file cannot be used. */
  readonly #nothing: T
  #mark: string | undefined
  #value: T

  constructor(path: string, read: () => T, nothing: T) {
    this.#path = path
    this.#read = read
    this.#nothing = nothing
    this.#value = nothing
  }

  value(): T {
    const mark = markOf(statSync(this.#path, { throwIfNoEntry: false }))
    if (mark === this.#mark) return this.#value
    try {
      this.#value = this.#read()
    } catch (error) {
      if (!(error instanceof PrivateFileError)) throw error
      process.stderr.write(`${JSON.stringify({ level: 'error', kind: 'web-secret', text: error.message })}\n`)
      this.#value = this.#nothing
    }
    this.#mark = mark
    return this.#value
  }
}

function markOf(stat: Stats | undefined): string {
  return stat === undefined ? 'none' : `${stat.dev} ${stat.ino} ${stat.size} ${stat.mtimeMs} ${stat.ctimeMs}`
}
