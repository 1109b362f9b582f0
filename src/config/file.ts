/** Reading a config.json that anybody with the right to may have put there, and saying what is wrong with it. */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { readJson } from '../domain/json.ts'
import { errnoOf } from '../os/errno.ts'

/** What is wrong, where, and what to do about it. */
export interface ConfigProblem {
  readonly file: string
  /** `retry.limit`; '' when it is the file as a whole. */
  readonly key: string
  readonly problem: string
  readonly fix: string
}

export type ConfigReading =
  | { readonly kind: 'json'; readonly value: unknown }
  | { readonly kind: 'absent' }
  | { readonly kind: 'bad'; readonly problem: ConfigProblem }

const LIMIT = 1024 * 1024

/** One line for a log or a terminal. */
export function formatProblem(problem: ConfigProblem): string {
  const place = problem.key === '' ? problem.file : `${problem.file}: ${problem.key}`
  return `${place}: ${problem.problem}${problem.fix === '' ? '' : ` (${problem.fix})`}`
}

/** Follows no link, waits for no FIFO, reads at most a mebibyte. */
export function readConfigFile(file: string): ConfigReading {
  const bad = (problem: string, fix: string): ConfigReading => ({
    kind: 'bad',
    problem: { file, key: '', problem, fix },
  })
  let text: string | undefined
  try {
    text = readSmall(file)
  } catch (error) {
    const code = errnoOf(error)
    if (code === 'ENOENT' || code === 'ENOTDIR') return { kind: 'absent' }
    if (code === 'ELOOP') return bad('is a symbolic link', 'put the file itself there')
    if (code === 'EACCES') return bad('may not be read', `chown or chmod it for the user of the daemon`)
    return bad(`cannot be read: ${code ?? String(error)}`, 'look at the file and its disk')
  }
  if (text === undefined) return bad('is no regular file of at most 1 MiB', 'put a small JSON file there')
  return parseConfigText(file, text)
}

/** `file` is what the problem names. */
export function parseConfigText(file: string, text: string): Exclude<ConfigReading, { kind: 'absent' }> {
  try {
    return { kind: 'json', value: readJson(text.replace(/^\ufeff/, '')) }
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    const problem = `is not JSON: ${describeSyntax(error.message, text)}`
    return {
      kind: 'bad',
      problem: { file, key: '', problem, fix: 'correct it; JSON has no comments, no trailing commas' },
    }
  }
}

function readSmall(file: string): string | undefined {
  const fd = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  try {
    const stat = fstatSync(fd)
    if (!stat.isFile() || stat.size > LIMIT) return undefined
    const buffer = Buffer.allocUnsafe(LIMIT)
    let length = 0
    while (length < LIMIT) {
      const got = readSync(fd, buffer, length, LIMIT - length, null)
      if (got === 0) break
      length += got
    }
    return buffer.toString('utf8', 0, length)
  } finally {
    closeSync(fd)
  }
}

/** V8 says `at position 45`; a person looks for a line. */
function describeSyntax(message: string, text: string): string {
  const position = /at position (\d+)/.exec(message)?.[1]
  if (position === undefined) return message
  const before = text.slice(0, Number(position)).split('\n')
  const where = `at line ${before.length}, column ${(before.at(-1) ?? '').length + 1}`
  return message.replace(/ at position \d+.*/s, ` ${where}`)
}
