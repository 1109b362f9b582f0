/** Memory cgroups of slots: where they can be made, and what one of them says (docs/LIMITS.md). Pure: the kernel's texts in. */

export type CgroupVersion = 1 | 2

export interface CgroupHome {
  readonly version: CgroupVersion
  /** The directory in which cgroups of our own are made. */
  readonly dir: string
}

export type HomeAnswer =
  | { readonly kind: 'home'; readonly home: CgroupHome }
  | { readonly kind: 'none'; readonly why: string }

/** Files of a cgroup, and the word for "no limit". */
export const KNOBS = {
  1: {
    limit: 'memory.limit_in_bytes',
    swap: 'memory.memsw.limit_in_bytes',
    kills: 'memory.oom_control',
    usage: 'memory.usage_in_bytes',
    unlimited: '-1',
  },
  2: {
    limit: 'memory.max',
    swap: 'memory.swap.max',
    kills: 'memory.events',
    usage: 'memory.current',
    unlimited: 'max',
  },
} as const satisfies Record<CgroupVersion, Record<string, string>>

/** With less than this the slot itself may not be able to start anything. */
const LEAST_LIMIT = 4 * 1024 ** 2

interface Mount {
  readonly root: string
  readonly point: string
  readonly type: string
  readonly options: readonly string[]
}

/**
 * From `/proc/PID/cgroup` and `/proc/PID/mountinfo` of the daemon. Version 1: below its own cgroup. Version 2 allows no
 * processes in a cgroup that has children with limits: beside its own, where what lies above belongs to the daemon, too.
 */
export function cgroupHome(cgroup: string, mountinfo: string): HomeAnswer {
  const mounts = mountinfo.split('\n').flatMap(parseMount)
  const lines = cgroup.split('\n').map((line) => /^\d+:([^:]*):(\/.*)$/.exec(line))
  const first = lines.find((line) => line?.[1]?.split(',').includes('memory'))?.[2]
  if (first !== undefined) {
    const mount = mounts.find(({ type, options }) => type === 'cgroup' && options.includes('memory'))
    return homeBelow(first, mount)
  }
  const second = lines.find((line) => line?.[1] === '')?.[2]
  if (second === undefined) return none('the kernel has no memory cgroups')
  return homeBeside(second, mounts.find(({ type }) => type === 'cgroup2')) // biome-ignore format: one call
}

function none(why: string): HomeAnswer {
  return { kind: 'none', why }
}

function homeBelow(own: string, mount: Mount | undefined): HomeAnswer {
  const dir = directoryOf(own, mount)
  if (dir === undefined) return none('the memory hierarchy is not mounted where the daemon sees it')
  if (own.endsWith('.slice')) return none(`the daemon is in ${own}, which belongs to systemd`)
  return { kind: 'home', home: { version: 1, dir } }
}

function homeBeside(own: string, mount: Mount | undefined): HomeAnswer {
  const dir = directoryOf(own, mount)
  if (mount === undefined || dir === undefined) return none('cgroup2 is not mounted where the daemon sees it')
  // Only the machine's own root may have processes and children with limits; another one cannot be told from it by its name.
  if (dir === mount.point) return { kind: 'home', home: { version: 2, dir } }
  if (/\.(?:service|scope|slice)$/.test(own))
    return none(
      `the daemon is in ${own} itself, and what is above it belongs to systemd; Delegate=memory and DelegateSubgroup=daemon in its unit help`,
    )
  return { kind: 'home', home: { version: 2, dir: dir.slice(0, dir.lastIndexOf('/')) } }
}

/** Where a cgroup's directory is; undefined: outside of what is mounted. */
function directoryOf(path: string, mount: Mount | undefined): string | undefined {
  if (mount === undefined || path.startsWith('/..')) return undefined
  const root = mount.root === '/' ? '' : mount.root
  if (path !== mount.root && !path.startsWith(`${root}/`)) return undefined
  const below = path === mount.root ? '' : path.slice(root.length)
  return mount.point + below
}

/** `35 31 0:32 ROOT POINT rw,relatime [shared:1 ...] - TYPE SOURCE OPTIONS` */
function parseMount(line: string): Mount[] {
  const [before = '', after = ''] = line.split(' - ')
  const [, , , root, point] = before.split(' ').map(plain)
  const [type, , options] = after.split(' ')
  if (root === undefined || point === undefined || type === undefined || options === undefined) return []
  return [{ root, point, type, options: options.split(',') }]
}

/** Blanks and the like are written in octal. */
function plain(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 8)))
}

export interface SlotCgroupName {
  readonly pid: number
  readonly start: number
  /** Inode of its queue's directory: what a kill in it means is for that queue to say. */
  readonly queue: number
}

export function cgroupName({ pid, start, queue }: SlotCgroupName): string {
  return `rqd-slot-${pid}-${start}-${queue}`
}

export function parseCgroupName(name: string): SlotCgroupName | undefined {
  const [, pid, start, queue] = /^rqd-slot-(\d{1,10})-(\d{1,20})-(\d{1,20})$/.exec(name) ?? []
  return queue === undefined ? undefined : { pid: Number(pid), start: Number(start), queue: Number(queue) }
}

/** May what a dead slot left be removed? One that saw a kill is kept until the attempt that it tells of is settled. */
export function isRemovable(kills: number, isOfOurQueue: boolean, isNeeded: boolean): boolean {
  return !isNeeded && (isOfOurQueue || kills === 0)
}

export interface KnobOrder {
  readonly knob: string
  readonly value: string
  /** Not every kernel counts swap. */
  readonly ifThere: boolean
}

/** In this order: in version 1 memory with swap may never be less than memory alone. */
export function limitOrders(version: CgroupVersion, limit: number | undefined): readonly KnobOrder[] {
  const { limit: memory, swap, unlimited } = KNOBS[version]
  const value = limit === undefined ? unlimited : String(Math.max(limit, LEAST_LIMIT))
  const set: KnobOrder = { knob: memory, value, ifThere: false }
  switch (version) {
    case 1:
      return [{ knob: swap, value: unlimited, ifThere: true }, set, { knob: swap, value, ifThere: true }]
    case 2:
      return [{ knob: swap, value: limit === undefined ? unlimited : '0', ifThere: true }, set]
  }
}

/** Of memory.oom_control or memory.events: how many processes the kernel ended for want of memory. */
export function killCount(text: string): number {
  return Number(/^oom_kill (\d+)$/m.exec(text)?.[1] ?? 0)
}

/** Of memory.max or memory.limit_in_bytes; undefined: none. */
export function limitIn(text: string): number | undefined {
  const limit = Number(text)
  return Number.isSafeInteger(limit) ? limit : undefined
}

/** Of memory.stat: bytes in files that lie in memory (tmpfs). They stay when their process ends. */
export function filesInMemory(text: string): number {
  return Number(/^shmem (\d+)$/m.exec(text)?.[1] ?? 0)
}

/** So much may be left in a free slot: less to look at than a run would miss. */
const MOST_LEFT = 1 / 8

export function leavesEnough(left: number, limit: number): boolean {
  return left <= limit * MOST_LEFT
}
