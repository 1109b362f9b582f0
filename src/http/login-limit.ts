/** How often somebody may be wrong about a token or a password before he has to wait; longer each time. Bounded memory. */
import { isIPv6 } from 'node:net'
import type { Millis } from '../domain/name.ts'

/** Anybody may mistype so often. */
const FREE = 5
const FIRST_WAIT: Millis = 1_000
const LONGEST_WAIT: Millis = 15 * 60_000
/** After that without a failure the next is the first again. */
const FORGOTTEN_AFTER: Millis = 60 * 60_000
/** Of each kind; the longest untouched are forgotten first. */
const MOST_KEPT = 10_000

interface Failures {
  readonly count: number
  /** When the next attempt may come. */
  readonly until: Millis
  readonly last: Millis
}

export class LoginLimit {
  readonly #addresses = new Map<string, Failures>()
  readonly #users = new Map<string, Failures>()
  /** Where users have signed in: no stranger's failures lock them out there. */
  readonly #homes = new Map<string, Failures>()

  /** Milliseconds to wait before another attempt; 0 when it may be made now. `user` is undefined for a token. */
  wait(address: string, user: string | undefined, now: Millis): Millis {
    const key = addressKey(address)
    const ofUser = user === undefined || this.#homes.has(homeKey(user, key)) ? undefined : this.#users.get(user)
    return Math.max(0, (this.#addresses.get(key)?.until ?? 0) - now, (ofUser?.until ?? 0) - now)
  }

  /** Before the attempt is looked at: many at once are no way around the limit. */
  begin(address: string, user: string | undefined, now: Millis): void {
    count(this.#addresses, addressKey(address), now)
    if (user !== undefined) count(this.#users, user, now)
  }

  /** It was right: it does not count. Other failures from there still do, or who has an account could guess at others'. */
  succeeded(address: string, user: string | undefined, now: Millis): void {
    const key = addressKey(address)
    const before = this.#addresses.get(key)
    if (before !== undefined) keep(this.#addresses, key, { ...before, count: before.count - 1, until: 0 })
    if (user === undefined) return
    this.#users.delete(user)
    keep(this.#homes, homeKey(user, key), { count: 0, until: 0, last: now })
  }
}

function count(map: Map<string, Failures>, key: string, now: Millis): void {
  const before = map.get(key)
  const failures = (before === undefined || now - before.last > FORGOTTEN_AFTER ? 0 : before.count) + 1
  const wait = failures < FREE ? 0 : Math.min(FIRST_WAIT * 2 ** Math.min(failures - FREE, 20), LONGEST_WAIT)
  keep(map, key, { count: failures, until: now + wait, last: now })
}

/** A Map keeps the order of insertion: the first is the one untouched for longest. */
function keep(map: Map<string, Failures>, key: string, failures: Failures): void {
  map.delete(key)
  map.set(key, failures)
  if (map.size <= MOST_KEPT) return
  const [oldest] = map.keys()
  if (oldest !== undefined) map.delete(oldest)
}

function homeKey(user: string, address: string): string {
  return `${address} ${user}`
}

/** Who has one IPv6 address has the 2^64 of its network. */
export function addressKey(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1]
  if (mapped !== undefined) return mapped
  if (!isIPv6(address)) return address
  const [head = '', tail] = (address.split('%')[0] ?? '').toLowerCase().split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const middle = tail === undefined ? 0 : Math.max(0, 8 - left.length - right.length)
  const groups = [...left, ...Array.from({ length: middle }, () => '0'), ...right]
  return `${groups
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':')}::/64`
}
