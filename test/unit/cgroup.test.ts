import { describe, expect, it } from 'vitest'
import {
  cgroupHome,
  cgroupName,
  filesInMemory,
  isRemovable,
  killCount,
  leavesEnough,
  limitIn,
  limitOrders,
  parseCgroupName,
} from '../../src/domain/cgroup.ts'
import { explainKill } from '../../src/domain/limits.ts'

const M = 1024 ** 2
const V1 =
  '32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n35 31 0:32 / /sys/fs/cgroup/memory rw,relatime shared:9 - cgroup cgroup rw,memory\n'
const V2 = '30 24 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n'
const HYBRID = `${V1}41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n`
const at = (root: string, point: string) => `30 24 0:26 ${root} ${point} rw - cgroup2 cgroup2 rw\n`

describe('cgroups of slots are made', () => {
  const rows: [sentence: string, cgroup: string, mountinfo: string, version: number, dir: string][] = [
    ['below the own one in version 1', '4:memory:/a/b\n0::/\n', HYBRID, 1, '/sys/fs/cgroup/memory/a/b'],
    ['in the root of version 1', '4:memory:/\n', V1, 1, '/sys/fs/cgroup/memory'],
    ['in a unit of systemd in version 1', '4:cpu,memory:/system.slice/rqd.service\n', V1, 1, '/sys/fs/cgroup/memory/system.slice/rqd.service'],
    ['beside the own one in version 2', '0::/system.slice/rqd.service/daemon\n', V2, 2, '/sys/fs/cgroup/system.slice/rqd.service'],
    ['where a container sees them', '0::/docker/ab/daemon\n', at('/docker/ab', '/sys/fs/cgroup'), 2, '/sys/fs/cgroup'],
    ['in the root of version 2 by what is in it', '0::/\n', V2, 2, '/sys/fs/cgroup'],
    ['where the path has a blank', '0::/a/daemon\n', at('/', '/my\\040cg'), 2, '/my cg/a'],
  ] // biome-ignore format: a table
  it.each(rows)('%s', (_sentence, cgroup, mountinfo, version, dir) => {
    expect(cgroupHome(cgroup, mountinfo)).toEqual({ kind: 'home', home: { version, dir } })
  })

  const refusals: [sentence: string, cgroup: string, mountinfo: string, why: RegExp][] = [
    ['a unit of systemd in version 2 has no place beside it', '0::/system.slice/rqd.service\n', V2, /rqd\.service itself.*DelegateSubgroup/],
    ['nor has a session', '0::/user.slice/user-0.slice/session-3.scope\n', V2, /belongs to systemd/],
    ['a slice is systemd\'s', '4:memory:/system.slice\n', V1, /belongs to systemd/],
    ['the memory hierarchy is not mounted', '4:memory:/a\n', V2, /not mounted/],
    ['it is mounted from elsewhere', '0::/../x\n', V2, /not mounted where/],
    ['of its path another part is mounted', '0::/ab/daemon\n', at('/a', '/sys/fs/cgroup'), /not mounted where/],
    ['the kernel has none', '\n', '', /no memory cgroups/],
  ] // biome-ignore format: a table
  it.each(refusals)('nowhere where %s', (_sentence, cgroup, mountinfo, why) => {
    expect(cgroupHome(cgroup, mountinfo)).toEqual({ kind: 'none', why: expect.stringMatching(why) })
  })
})

it('a name says whose it is, and nothing else is taken for one', () => {
  const slot = { pid: 12, start: 3456, queue: 789 }
  expect(parseCgroupName(cgroupName(slot))).toEqual(slot)
  for (const name of ['rqd-slot-1-2', 'rqd-slot-1-2-3x', 'x-rqd-slot-1-2-3', 'rqd-slot--1-2-3', 'memory.max', ''])
    expect(parseCgroupName(name)).toBeUndefined()
})

it('what a dead slot left is kept while it has to say something', () => {
  expect(isRemovable(0, false, false)).toBe(true)
  expect(isRemovable(1, true, false)).toBe(true)
  expect(isRemovable(1, false, false)).toBe(false)
  expect(isRemovable(0, true, true)).toBe(false)
})

it('a limit holds for memory with swap, and is never too small for the slot', () => {
  const values = (...args: Parameters<typeof limitOrders>) => limitOrders(...args).map(({ value }) => value)
  expect(limitOrders(1, 64 * M)).toEqual([
    { knob: 'memory.memsw.limit_in_bytes', value: '-1', ifThere: true },
    { knob: 'memory.limit_in_bytes', value: String(64 * M), ifThere: false },
    { knob: 'memory.memsw.limit_in_bytes', value: String(64 * M), ifThere: true },
  ])
  expect(limitOrders(2, 64 * M)).toEqual([
    { knob: 'memory.swap.max', value: '0', ifThere: true },
    { knob: 'memory.max', value: String(64 * M), ifThere: false },
  ])
  expect([values(1, undefined), values(2, undefined)]).toEqual([
    ['-1', '-1', '-1'],
    ['max', 'max'],
  ])
  expect(values(2, 1)).toEqual(['0', String(4 * M)])
})

it('the files of the kernel are read as they are', () => {
  expect(killCount('oom_kill_disable 0\nunder_oom 0\noom_kill 3\n')).toBe(3)
  expect(killCount('low 0\nhigh 0\nmax 7\noom 2\noom_kill 1\noom_group_kill 0\n')).toBe(1)
  expect(killCount('')).toBe(0)
  expect([limitIn('67108864\n'), limitIn('max\n'), limitIn('9223372036854771712\n')]).toEqual([64 * M, undefined, undefined])
  expect(filesInMemory('anon 4096\nfile 8192\nshmem 12288\nshmem_thp 1\n')).toBe(12_288)
  expect([leavesEnough(8 * M, 64 * M), leavesEnough(9 * M, 64 * M)]).toEqual([true, false])
}) // biome-ignore format: one call

it('a kill is said in words', () => {
  const words = 'the kernel killed a process of it for want of memory'
  expect([explainKill(64 * M), explainKill(undefined)]).toEqual([`${words}, of which it may have 64 MiB`, words])
})
