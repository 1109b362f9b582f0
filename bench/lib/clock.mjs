import { execFile, spawnSync } from 'node:child_process'
import { promisify } from 'node:util'

const runFile = promisify(execFile)

/** CLOCK_MONOTONIC in ns, the clock of the C programs; 2^53 ns are 104 days of uptime. */
export function now() {
  return Number(process.hrtime.bigint())
}

export function sleep(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

/** Polls until `probe` returns something other than undefined. */
export async function until(what, timeoutMs, probe, everyMs = 5) {
  const deadline = now() + timeoutMs * 1e6
  for (;;) {
    const found = probe()
    if (found !== undefined) return found
    if (now() > deadline) throw new Error(`waited ${timeoutMs / 1000} s for ${what}`)
    await sleep(everyMs)
  }
}

/** Runs a program to its end without blocking ours; returns its output. */
export async function run(program, ...args) {
  const { stdout } = await runFile(program, args, { maxBuffer: 1 << 30 })
  return stdout
}

/** Seconds from start to end of a program, stdio closed: nothing of ours runs meanwhile. */
export function timed(program, args, options = {}) {
  const start = now()
  const result = spawnSync(program, args, { stdio: 'ignore', ...options })
  const seconds = (now() - start) / 1e9
  if (result.status !== 0) throw new Error(`${program} ${args[0] ?? ''} ended with ${result.status ?? result.signal}`)
  return seconds
}
