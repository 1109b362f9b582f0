/** A Unix socket that only its owner can open: made where nobody else can put another in its place. */
import { chmodSync, lstatSync, type Stats, statSync, unlinkSync } from 'node:fs'
import { connect } from 'node:net'
import { dirname } from 'node:path'
import type { FastifyInstance } from 'fastify'
import { errnoOf } from '../os/errno.ts'
import { tryLock } from '../os/lock.ts'
import { Refusal } from './refusal.ts'

const STICKY = 0o1000
/** sockaddr_un (unix(7)) has place for so much. */
const LONGEST_PATH = 107
const ANSWERS_WITHIN = 1_000

export async function listenOnSocket(server: FastifyInstance, path: string): Promise<string> {
  if (Buffer.byteLength(path) > LONGEST_PATH)
    throw new Refusal(`http.socket: ${path} is longer than the ${LONGEST_PATH} bytes that a socket's path may have`)
  const trouble = troubleOf(dirname(path))
  if (trouble !== undefined) throw new Refusal(`http.socket: ${trouble}`)
  // Held until we die: between looking at what was left there and removing it nobody else does the same.
  if (tryLock(`${path}.lock`) === undefined) throw new Refusal(`http.socket: another rqd serves on ${path}`)
  await removeStale(path)
  try {
    // The umask of this process has kept others out since it was made.
    await server.listen({ path })
    chmodSync(path, 0o600)
  } catch (error) {
    throw new Refusal(`http.socket: cannot listen on ${path} (${errnoOf(error)})`)
  }
  return `unix:${path}`
}

/** Who may write to its directory can put a socket of his own there. */
function troubleOf(dir: string): string | undefined {
  const stat = statSync(dir, { throwIfNoEntry: false })
  if (stat === undefined || !stat.isDirectory()) return `there is no directory ${dir}: make it`
  if ((stat.mode & STICKY) !== 0) return undefined
  if ((stat.mode & 0o002) !== 0) return `everybody may write to ${dir}: chmod o-w it`
  const uid = process.getuid?.() ?? 0
  return stat.uid === 0 || stat.uid === uid ? undefined : `${dir} belongs to uid ${stat.uid}: take another directory`
}

/** A socket that nobody answers on was left by a process that was killed. */
async function removeStale(path: string): Promise<void> {
  const stat: Stats | undefined = lstatSync(path, { throwIfNoEntry: false })
  if (stat === undefined) return
  if (!stat.isSocket()) throw new Refusal(`http.socket: ${path} is there and is no socket: give another path`)
  if (await answers(path)) throw new Refusal(`http.socket: another process serves on ${path}`)
  unlinkSync(path)
}

function answers(path: string): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(path)
    const end = (answered: boolean) => {
      socket.destroy()
      done(answered)
    }
    socket.once('connect', () => end(true)).once('error', () => end(false))
    // A full backlog answers neither way.
    socket.setTimeout(ANSWERS_WITHIN, () => end(true))
  })
}
