/**
 * Headers of tar members in GNU's form, which every tar reads: names are bytes, as they are on the disk, and of any
 * length. Texts are bytes (latin1).
 */

export const MEMBER_TYPES = { file: '0', symlink: '2', directory: '5', fifo: '6' } as const
export type MemberType = keyof typeof MEMBER_TYPES

export interface Member {
  readonly name: string
  readonly type: MemberType
  readonly mode: number
  readonly uid: number
  readonly gid: number
  /** 0 unless it is a file. */
  readonly size: number
  /** Seconds since 1970. */
  readonly mtime: number
  /** Of a symlink. */
  readonly target?: string
}

const BLOCK = 512
const NAME_BYTES = 100

/** One block, or three or more where a name needs blocks of its own. */
export function memberHeader(member: Member): Buffer {
  const name = member.type === 'directory' ? `${member.name}/` : member.name
  const target = member.target ?? ''
  return Buffer.concat([
    ...(target.length > NAME_BYTES ? longName('K', target) : []),
    ...(name.length > NAME_BYTES ? longName('L', name) : []),
    block({ ...member, name }, MEMBER_TYPES[member.type], target),
  ])
}

/** What fills the last block of a content of that size. */
export function padding(size: number): Buffer {
  return Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK)
}

export const END_OF_TAR = Buffer.alloc(2 * BLOCK)

function longName(type: 'K' | 'L', text: string): Buffer[] {
  const data = Buffer.from(`${text}\0`, 'latin1')
  const head = { name: '././@LongLink', mode: 0o644, uid: 0, gid: 0, size: data.length, mtime: 0 }
  return [block(head, type, ''), data, padding(data.length)]
}

function block(head: Omit<Member, 'type' | 'target'>, type: string, target: string): Buffer {
  const data = Buffer.alloc(BLOCK)
  data.write(head.name.slice(0, NAME_BYTES), 0, 'latin1')
  number(data, head.mode & 0o7777, 100, 8)
  number(data, head.uid, 108, 8)
  number(data, head.gid, 116, 8)
  number(data, head.size, 124, 12)
  number(data, Math.max(0, Math.floor(head.mtime)), 136, 12)
  data.fill(' ', 148, 156)
  data.write(type, 156, 'latin1')
  data.write(target.slice(0, NAME_BYTES), 157, 'latin1')
  data.write('ustar  \0', 257, 'latin1')
  const checksum = data.reduce((sum, byte) => sum + byte, 0)
  data.write(`${checksum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return data
}

/** Octal where it fits, else binary with the highest bit set. */
function number(data: Buffer, value: number, at: number, length: number): void {
  const octal = value.toString(8)
  if (octal.length < length) {
    data.write(`${octal.padStart(length - 1, '0')}\0`, at, 'latin1')
    return
  }
  let rest = BigInt(value)
  for (let i = at + length - 1; i > at; i -= 1) {
    data[i] = Number(rest & 0xffn)
    rest >>= 8n
  }
  data[at] = 0x80
}
