/** Passwords as scrypt hashes, with what they cost beside them: `$scrypt$ln=15,r=8,p=3$SALT$HASH`, base64url. */
import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto'

interface Cost {
  /** The power of two of N. */
  readonly ln: number
  readonly r: number
  readonly p: number
}

/** 32 MiB for about 0.2 s: what OWASP's Password Storage Cheat Sheet asks of scrypt. */
const COST: Cost = { ln: 15, r: 8, p: 3 }
const SALT_BYTES = 16
const HASH_BYTES = 32
/** Of a file that somebody wrote by hand: no hash may take a machine down, and none be worth nothing. */
const BOUNDS = { ln: [10, 18], r: [1, 16], p: [1, 8] } as const
const MOST_MEMORY = 256 * 1024 * 1024
const FORM = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9_-]{16,86})\$([A-Za-z0-9_-]{22,86})$/
/** Each takes its memory and a thread of the pool that disk operations share. */
const AT_ONCE = 2
/** More wait no longer: whoever asks is told to come again. */
const MOST_WAITING = 32

export const LONGEST_PASSWORD = 1_024

interface Hash {
  readonly cost: Cost
  readonly salt: Buffer
  readonly hash: Buffer
}

/** Of a user that does not exist: it takes as long, and nothing fits it. */
const NOBODY: Hash = { cost: COST, salt: randomBytes(SALT_BYTES), hash: randomBytes(HASH_BYTES) }

export function isPasswordHash(text: string): boolean {
  return parse(text) !== undefined
}

export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES)
  const hash = await derive(password, salt, COST, HASH_BYTES)
  const { ln, r, p } = COST
  return `$scrypt$ln=${ln},r=${r},p=${p}$${salt.toString('base64url')}$${hash.toString('base64url')}`
}

let working = 0
const waiting: (() => void)[] = []

/** `stored` is undefined for a user that does not exist. 'busy' when too many ask at once. */
export async function fitsPassword(password: string, stored: string | undefined): Promise<boolean | 'busy'> {
  if (waiting.length >= MOST_WAITING) return 'busy'
  if (working >= AT_ONCE) await new Promise<void>((resolve) => waiting.push(resolve))
  else working += 1
  try {
    const known = stored === undefined ? undefined : parse(stored)
    const { cost, salt, hash } = known ?? NOBODY
    const given = await derive(password, salt, cost, hash.length)
    return timingSafeEqual(given, hash) && known !== undefined
  } finally {
    // Its place goes to the next in the row.
    const next = waiting.shift()
    if (next === undefined) working -= 1
    else next()
  }
}

function parse(text: string): Hash | undefined {
  const [, ln, r, p, salt, hash] = FORM.exec(text) ?? []
  if (salt === undefined || hash === undefined) return undefined
  const cost = { ln: Number(ln), r: Number(r), p: Number(p) }
  const isWithin = (key: keyof Cost) => cost[key] >= BOUNDS[key][0] && cost[key] <= BOUNDS[key][1]
  if (!isWithin('ln') || !isWithin('r') || !isWithin('p') || memoryOf(cost) > MOST_MEMORY) return undefined
  return { cost, salt: Buffer.from(salt, 'base64url'), hash: Buffer.from(hash, 'base64url') }
}

/** RFC 7914, in bytes. */
function memoryOf({ ln, r, p }: Cost): number {
  return 128 * r * (2 ** ln + p)
}

function derive(password: string, salt: Buffer, { ln, r, p }: Cost, bytes: number): Promise<Buffer> {
  const options: ScryptOptions = { N: 2 ** ln, r, p, maxmem: 2 * memoryOf({ ln, r, p }) }
  return new Promise((resolve, reject) => {
    // The same letters, however a keyboard composes them.
    scrypt(password.normalize('NFKC'), salt, bytes, options, (error, key) =>
      error === null ? resolve(key) : reject(error),
    )
  })
}
