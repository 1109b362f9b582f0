/** As whom a handler runs: the words that go before it (setpriv, prlimit of util-linux), and who owns what it may write. */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { LIMITS, type RunAs } from '../domain/run-as.ts'
import { findGroup, findUser } from '../os/users.ts'
import { findInPath } from './handler.ts'

/**
 * What is run as root before a handler, by its absolute path: the queue's `env` has a PATH for the handler, who may write to
 * what lies there.
 */
export function ownProgram(name: string): string {
  return findInPath(name) ?? name
}

/** A configuration's user, looked up. */
export interface Identity {
  /** Put before the handler's argv and its `exec_prefix`. Runs as the daemon's user, what follows as the other. */
  readonly prefix: readonly string[]
  /** Whose the job directory is; undefined where handlers run as the daemon itself. */
  readonly owner: { readonly uid: number; readonly gid: number } | undefined
  readonly umask: string | undefined
  /** HOME, USER, LOGNAME and SHELL of the user. */
  readonly env: Readonly<Record<string, string>>
}

/** undefined: the user or group does not exist; the configuration's check has said so. */
export function identityOf(runAs: RunAs): Identity | undefined {
  const user = runAs.user === undefined ? undefined : findUser(runAs.user)
  const group = runAs.group === undefined ? user?.entry?.gid : findGroup(runAs.group)
  if ((runAs.user !== undefined && user === undefined) || (runAs.group !== undefined && group === undefined))
    return undefined
  const self = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 }
  // A number without an entry has no group of its own but that of the same number.
  const gid = group ?? (user === undefined ? self.gid : user.uid)
  const uid = user?.uid ?? self.uid
  const isOther = uid !== self.uid || gid !== self.gid
  return {
    prefix: [...limitWords(runAs), ...identityWords(runAs, isOther, { uid, gid, isKnown: user?.entry !== undefined })],
    owner: self.uid === 0 && uid !== 0 ? { uid, gid } : undefined,
    umask: runAs.umask,
    env: user?.entry === undefined ? {} : envOf(user.entry),
  }
}

function envOf({ name, home, shell }: { readonly name: string; readonly home: string; readonly shell: string }) {
  return { HOME: home, USER: name, LOGNAME: name, SHELL: shell === '' ? '/bin/sh' : shell }
}

function limitWords({ limits }: RunAs): string[] {
  const given = LIMITS.flatMap((limit) => (limits[limit] === undefined ? [] : [`--${limit}=${limits[limit]}`]))
  return given.length === 0 ? [] : [ownProgram('prlimit'), ...given, '--']
}

function identityWords(
  { noNewPrivs }: RunAs,
  isOther: boolean,
  { uid, gid, isKnown }: { readonly uid: number; readonly gid: number; readonly isKnown: boolean },
): string[] {
  const change = [`--reuid=${uid}`, `--regid=${gid}`, isKnown ? '--init-groups' : '--clear-groups']
  const words = [...(isOther ? change : []), ...(noNewPrivs ? ['--no-new-privs'] : [])]
  return words.length === 0 ? [] : [ownProgram('setpriv'), ...words, '--']
}

/**
 * Why handlers cannot be run so, found by trying, with the key; undefined where they can. `command` is the handler's
 * argv[0]; we stand in the queue.
 */
export function runAsProblem(runAs: RunAs, command: string): string | undefined {
  const identity = identityOf(runAs)
  if (identity === undefined) return `user: ${runAs.user ?? runAs.group} is not known to this system`
  const [program, ...args] = identity.prefix
  if (program === undefined) return undefined
  const key = runAs.user !== undefined ? 'user' : runAs.group !== undefined ? 'group' : 'limits'
  const name = runAs.user ?? runAs.group ?? ''
  const tried = attempt(program, [...args, 'true'])
  if (tried !== undefined) {
    const isRoot = process.getuid?.() === 0
    const needsRoot = identity.prefix.some((word) => word.startsWith('--reuid=')) && runAs.user !== undefined && !isRoot
    return needsRoot
      ? `user: only root may run handlers as ${name}: run the daemon as root, or leave it out`
      : `${key}: ${tried}`
  }
  // What is not there at all is the handler's own problem.
  if (!command.includes('/') || !existsSync(command)) return undefined
  return attempt(program, [...args, 'test', '-x', command]) === undefined
    ? undefined
    : `${key}: ${name || 'the handler’s user'} may not run ${command}: let it enter the directories above it ` +
        `(chgrp and chmod g+x, or chmod o+x) and execute it (chmod +rx)`
}

function attempt(program: string, args: readonly string[]): string | undefined {
  const { status, stderr, error } = spawnSync(program, args, { encoding: 'utf8', timeout: 10_000 })
  if (error !== undefined) return `${program} of util-linux cannot be run: ${error.message}`
  return status === 0 ? undefined : stderr.trim().split('\n').at(-1) || `${program} exits ${status}`
}
