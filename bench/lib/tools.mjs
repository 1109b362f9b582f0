// The C programs, compiled into a scratch directory on tmpfs at the start of a run.
import { execFileSync, spawnSync } from 'node:child_process'
import { linkSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import { onExit } from './cleanup.mjs'

const SOURCES = join(import.meta.dirname, '..', 'beside')

/** Compiles beside/*.c. Returns the scratch directory, the file that `stamp` appends to, and each program's path. */
export function compileTools() {
  if (spawnSync('gcc', ['--version']).status !== 0) throw new Error('the programs to compare with need gcc')
  const scratch = mkdtempSync('/dev/shm/rqd-bench-tools-')
  onExit(() => rmSync(scratch, { recursive: true, force: true }))
  const tools = { scratch, stamps: join(scratch, 'stamps') }
  const flags = ['-O2', '-Wall', '-Wextra', '-static', `-DSTAMP_FILE="${tools.stamps}"`]
  for (const file of readdirSync(SOURCES).filter((name) => name.endsWith('.c'))) {
    const name = basename(file, '.c')
    tools[name] = join(scratch, name)
    execFileSync('gcc', [...flags, '-o', tools[name], join(SOURCES, file)])
  }
  tools.hold = join(scratch, 'hold')
  linkSync(tools.stamp, tools.hold)
  return tools
}

/** The path of a Node program that runs beside ours. */
export function besideNode(name) {
  return join(SOURCES, name)
}
