// What /proc says of the daemon's processes.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** A process and all below it, each as {pid, exe, cwd}. What ends meanwhile is left out. */
export function processTree(root) {
  const children = new Map()
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    const parent = unlessGone(
      () =>
        readFileSync(`/proc/${pid}/stat`, 'latin1')
          .replace(/^.*\) /s, '')
          .split(' ')[1],
    )
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), pid])
  }
  const found = [String(root)]
  for (const pid of found) found.push(...(children.get(pid) ?? []))
  return found.flatMap((pid) => {
    const facts = unlessGone(() => ({ exe: readlinkSync(`/proc/${pid}/exe`), cwd: readlinkSync(`/proc/${pid}/cwd`) }))
    return facts === undefined ? [] : [{ pid: Number(pid), ...facts }]
  })
}

/** Memory of a process in MB: `peak` and `rss` as `ps` has them, `own` what it shares with nobody. */
export function memory(pid) {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1')
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1')
  const mb = (text, key) => Number(text.match(new RegExp(`^${key}:\\s+(\\d+) kB`, 'm'))?.[1] ?? 0) / 1024
  return {
    peak: mb(status, 'VmHWM'),
    rss: mb(status, 'VmRSS'),
    own: mb(rollup, 'Private_Clean') + mb(rollup, 'Private_Dirty'),
  }
}

/** Seconds of CPU that these processes' threads have had. */
export function cpuSeconds(pids) {
  let ns = 0
  for (const pid of pids) {
    for (const task of unlessGone(() => readdirSync(`/proc/${pid}/task`)) ?? []) {
      ns += Number(unlessGone(() => readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'latin1').split(' ')[0]) ?? 0)
    }
  }
  return ns / 1e9
}

function unlessGone(read) {
  try {
    return read()
  } catch (error) {
    if (error.code === 'ENOENT' || error.code === 'ESRCH') return undefined
    throw error
  }
}
