/** `rqd user`: who may sign in to the web by name and password. Works without a daemon; a running one sees it at once. */
import { existsSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'
import { hashPassword, LONGEST_PASSWORD } from '../config/password.ts'
import { changeUsers, isUserName, readUsers, type User } from '../config/users.ts'
import { isRole, ROLES } from '../domain/roles.ts'
import { columns, complain, EXIT, type RqdOptions, rootOf, say, sayJson } from './rqd-common.ts'

/** NIST SP 800-63B asks for as many. */
const SHORTEST_PASSWORD = 8

export async function user(options: RqdOptions, [action, name]: readonly string[]): Promise<number> {
  if (action === 'ls' && name === undefined) return list(options)
  if (action === 'add' && name !== undefined) return add(options, name)
  if (action === 'rm' && name !== undefined) return remove(options, name)
  complain('user: give `add NAME --role ROLE`, `rm NAME` or `ls`')
  return EXIT.usage
}

function list(options: RqdOptions): number {
  const users = readUsers(rootOf(options)).map(({ name, role }) => ({ name, role }))
  if (options.json === true) sayJson({ root: rootOf(options), users })
  else if (users.length === 0) complain('no users: `rqd user add NAME --role ROLE` makes one')
  else say(columns([['NAME', 'ROLE'], ...users.map(({ name, role }) => [name, role])]))
  return EXIT.ok
}

/** Of a user who exists the role, the password or both are changed. */
async function add(options: RqdOptions, name: string): Promise<number> {
  const { role } = options
  if (!existsSync(rootOf(options))) {
    complain(`there is no root ${rootOf(options)}: \`rqd start\` makes one`)
    return EXIT.failed
  }
  if (!isUserName(name)) {
    complain(
      `user add: "${name}" is no name: letters, digits and . _ @ - between them, at most 64; not "token", "socket"`,
    )
    return EXIT.usage
  }
  const existing = readUsers(rootOf(options)).find((one) => one.name === name)
  const wanted = role ?? existing?.role
  if (!isRole(wanted)) {
    complain(`user add: give --role: ${ROLES.join(', ')}`)
    return EXIT.usage
  }
  const password = await askPassword(name)
  const trouble = troubleOf(password)
  if (trouble !== undefined) {
    complain(`user add: ${trouble}`)
    return EXIT.usage
  }
  const fresh: User = { name, role: wanted, password: await hashPassword(password) }
  return change(options, (users) => [...users.filter((one) => one.name !== name), fresh])
}

function remove(options: RqdOptions, name: string): number {
  if (!readUsers(rootOf(options)).some((one) => one.name === name)) {
    complain(`user rm: there is no user "${name}"`)
    return EXIT.failed
  }
  return change(options, (users) => users.filter((one) => one.name !== name))
}

function change(options: RqdOptions, how: (users: readonly User[]) => readonly User[]): number {
  if (changeUsers(rootOf(options), how)) return EXIT.ok
  complain('another command changes the users right now: try again')
  return EXIT.busy
}

function troubleOf(password: string): string | undefined {
  if (password.length < SHORTEST_PASSWORD) return `a password has at least ${SHORTEST_PASSWORD} characters`
  if (password.length > LONGEST_PASSWORD) return `a password has at most ${LONGEST_PASSWORD} characters`
  return undefined
}

/** Twice at a terminal, unseen; else the first line of stdin. '' when the two differ. */
async function askPassword(name: string): Promise<string> {
  if (process.stdin.isTTY !== true) return readLine()
  const first = await readLine(`Password of ${name}: `)
  const second = await readLine('Once more: ')
  if (first !== second) complain('the two are not the same')
  return first === second ? first : ''
}

function readLine(prompt?: string): Promise<string> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
  const lines = createInterface({ input: process.stdin, output: nowhere, terminal: prompt !== undefined })
  if (prompt !== undefined) process.stderr.write(prompt)
  return new Promise((resolve) => {
    let line = ''
    lines.once('line', (text) => {
      line = text
      lines.close()
    })
    lines.once('SIGINT', () => lines.close())
    lines.once('close', () => {
      if (prompt !== undefined) process.stderr.write('\n')
      resolve(line)
    })
  })
}
