/** Is a handler's file there, executable, and its interpreter too? Cheap enough to ask before every doubt. */
import { accessSync, closeSync, constants, openSync, readSync, realpathSync, statSync } from 'node:fs'
import { delimiter, isAbsolute, join } from 'node:path'
import { errnoOf } from '../os/errno.ts'
import { distrust } from '../os/trust.ts'

export type HandlerCheck =
  /** `stamp` changes when the file does. */
  | { readonly kind: 'ok'; readonly realPath: string; readonly stamp: string }
  | { readonly kind: 'broken'; readonly problem: string; readonly stamp: string }

/**
 * `command` is argv[0]: absolute, relative to the queue's directory (the process stands in it), or without a slash
 * and then looked up in PATH. `uid`: as whom it will run.
 */
export function checkHandler(command: string, uid = 0): HandlerCheck {
  const path = command.includes('/') ? command : findInPath(command)
  if (path === undefined) return broken(`${command}: not found in PATH`, 'absent')
  try {
    // The native one asks the kernel where we stand; Node's own would use a path from before a rename.
    const realPath = realpathSync.native(path)
    const stat = statSync(realPath)
    const stamp = `${realPath}:${stat.dev}:${stat.ino}:${stat.mtimeMs}:${stat.ctimeMs}:${stat.mode}`
    if (!stat.isFile()) return broken(`${command}: is not a file`, stamp)
    accessSync(realPath, constants.X_OK)
    const problem = interpreterProblem(realPath) ?? distrust(realPath, stat, uid)
    return problem === undefined ? { kind: 'ok', realPath, stamp } : broken(`${command}: ${problem}`, stamp)
  } catch (error) {
    switch (errnoOf(error)) {
      case 'ENOENT':
        return broken(`${command}: no such file; put an executable there, or set "handler" in config.json`, 'absent')
      case 'EACCES':
        return broken(`${command}: not executable; chmod +x it`, 'no-access')
      case undefined:
        throw error
      default:
        return broken(`${command}: ${errnoOf(error)}`, String(errnoOf(error)))
    }
  }
}

function broken(problem: string, stamp: string): HandlerCheck {
  return { kind: 'broken', problem, stamp }
}

function interpreterProblem(path: string): string | undefined {
  const head = readHead(path)
  if (!head.startsWith('#!')) return undefined
  const line = head.slice(2).split('\n')[0] ?? ''
  if (line.endsWith('\r')) return 'its first line ends in CR LF, so the interpreter is not found; save it with LF'
  const [interpreter, argument] = line.trim().split(/\s+/)
  if (interpreter === undefined || interpreter === '') return 'its first line names no interpreter'
  if (!isExecutable(interpreter)) return `its interpreter ${interpreter} is not there or not executable`
  if (
    /\/env$/.test(interpreter) &&
    argument !== undefined &&
    !argument.startsWith('-') &&
    findInPath(argument) === undefined
  ) {
    return `its interpreter ${argument} is not found in PATH`
  }
  return undefined
}

function readHead(path: string): string {
  const fd = openSync(path, 'r')
  try {
    const buffer = Buffer.alloc(256)
    return buffer.toString('latin1', 0, readSync(fd, buffer, 0, 256, 0))
  } finally {
    closeSync(fd)
  }
}

/** The absolute path of a program of that name, by the daemon's own PATH. */
export function findInPath(command: string): string | undefined {
  const dirs = (process.env['PATH'] ?? '/usr/bin:/bin').split(delimiter).filter((dir) => isAbsolute(dir))
  return dirs.map((dir) => join(dir, command)).find(isExecutable)
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch (error) {
    if (errnoOf(error) === undefined) throw error
    return false
  }
}
