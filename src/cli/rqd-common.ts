/** What the commands of `rqd` share. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { resolveRoot } from '../config/root.ts'
import { parseDuration } from '../config/units.ts'

export const EXIT = { ok: 0, failed: 1, usage: 2, daemonDown: 69, busy: 75 } as const

export interface RqdOptions {
  readonly root?: string
  readonly json?: boolean
  readonly daemon?: boolean
  readonly log?: string
  readonly drain?: boolean
  readonly detach?: boolean
  readonly timeout?: string
  readonly http?: string
  readonly role?: string
  readonly newToken?: boolean
}

export function rootOf(options: RqdOptions): string {
  return resolveRoot(options.root)
}

/** The directory that holds the bundled programs: the one that this file was bundled into. */
export function programDir(): string {
  return __dirname
}

export function packageVersion(): string {
  const value: unknown = JSON.parse(readFileSync(join(programDir(), '..', 'package.json'), 'utf8'))
  return typeof value === 'object' && value !== null && 'version' in value ? String(value.version) : 'unknown'
}

/** On stdout, for what was asked for. */
export function say(text: string): void {
  process.stdout.write(`${text}\n`)
}

/** On stderr, for what went wrong. */
export function complain(text: string): void {
  process.stderr.write(`rqd: ${text}\n`)
}

export function sayJson(value: unknown): void {
  say(JSON.stringify(value, undefined, 2))
}

/** Milliseconds, `undefined` when not given, 'bad' when it is none. */
export function timeoutOf(options: RqdOptions): number | undefined | 'bad' {
  if (options.timeout === undefined) return undefined
  const ms = parseDuration(options.timeout)
  if (ms !== undefined) return ms
  complain(`--timeout ${options.timeout}: must be a duration, such as "90s" or "10m"`)
  return 'bad'
}

/** Polls until it holds; false after `ms`. */
export async function waitFor(condition: () => boolean, ms: number): Promise<boolean> {
  const deadline = performance.now() + ms
  while (!condition()) {
    if (performance.now() >= deadline) return false
    await sleep(20)
  }
  return true
}

/** Columns as wide as their widest cell. */
export function columns(rows: readonly (readonly string[])[]): string {
  const widths: number[] = []
  for (const row of rows) {
    for (const [index, cell] of row.entries()) widths[index] = Math.max(widths[index] ?? 0, cell.length)
  }
  return rows
    .map((row) =>
      row
        .map((cell, index) => cell.padEnd(widths[index] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** Colours, only on a terminal. */
export async function colours(stream: NodeJS.WriteStream = process.stdout) {
  const { default: picocolors } = await import('picocolors')
  return picocolors.createColors(stream.isTTY === true && process.env['NO_COLOR'] === undefined)
}
