/** `rq attach`: files into a draft. */
import { closeSync, constants, createReadStream, fstatSync, openSync } from 'node:fs'
import type { Readable } from 'node:stream'
import { displayName, type RawName } from '../domain/name.ts'
import { type BytePath, fsPath } from '../fsqueue/place.ts'
import { type Answer, ok, type Problem, problem, refuse } from './answer.ts'
import type { Attached, Detached } from './attach-stream.ts'
import type { Context } from './context.ts'
import { reasonOf } from './drafts.ts'
import { defineVerb } from './verb.ts'

const READ_AHEAD = 256 * 1024

export const attach = defineVerb({
  summary: 'add files to an item that was begun with prep',
  details:
    'Prints name, size, SHA-256 and MD5 of each file when it is on the disk. A file may come again: the same content under ' +
    'the same name is no mistake, another one is refused.',
  arguments: {
    id: { type: 'item', summary: 'a draft', states: ['prep'] },
    file: { type: 'path', summary: 'files; "-" is stdin', many: true, optional: true },
  },
  options: {
    name: { type: 'path', summary: 'of one file, its name in the item', value: 'NAME' },
    sha256: { type: 'text', summary: 'of one file, what it must be, in hex', value: 'HEX' },
    remove: { type: 'path', summary: 'take a file out again', many: true, value: 'NAME' },
  },
  examples: [
    { command: 'rq attach "$ID" letter.txt photo.jpg', says: 'two files' },
    { command: 'pg_dump shop | rq attach "$ID" - --name shop.sql', says: 'stdin, of any size' },
    { command: 'rq attach "$ID" --remove photo.jpg', says: 'not that one' },
  ],
  run: async (context, input): Promise<Answer<readonly (Attached | Detached)[]>> => {
    const wrong = usageProblem(input)
    if (wrong !== undefined) return refuse('usage', wrong)
    if (input.remove.length > 0) return (await streams()).detachFrom(context, input.id, input.remove.map(asName))
    const value: Attached[] = []
    const problems: Problem[] = []
    for (const path of input.file) {
      if (context.cancelled.aborted) break
      const name = asName(input.name ?? path.replace(/\/+$/, '').replace(/^.*\//s, ''))
      const answer = await attachFile(context, input.id, path, name, input.sha256)
      if (answer.value !== undefined) value.push(answer.value)
      problems.push(...answer.problems)
    }
    return ok(value, problems)
  },
})

interface Given {
  readonly file: readonly string[]
  readonly name: string | undefined
  readonly sha256: string | undefined
  readonly remove: readonly string[]
}

function usageProblem({ file, name, sha256, remove }: Given): string | undefined {
  const rules: readonly (readonly [boolean, string])[] = [
    [file.length + remove.length === 0, 'FILE is missing; or say what to --remove'],
    [file.length > 0 && remove.length > 0, '--remove takes no files: it is a step of its own'],
    [file.length !== 1 && (name !== undefined || sha256 !== undefined), '--name and --sha256 are for one file'],
    [file.includes('-') && name === undefined, 'stdin needs a --name'],
  ]
  return rules.find(([applies]) => applies)?.[1]
}

function asName(bytes: string): RawName {
  return bytes as RawName
}

/** Hashes and streams are loaded only where there is something to attach. */
function streams(): Promise<typeof import('./attach-stream.ts')> {
  return import('./attach-stream.ts')
}

async function attachFile(
  context: Context,
  ref: string,
  path: BytePath,
  name: RawName,
  sha256: string | undefined,
): Promise<Answer<Attached>> {
  const stream = path === '-' ? context.input() : openToRead(path)
  if ('kind' in stream) return { value: undefined, problems: [stream] }
  const answer = await (await streams()).attachStream(context, ref, name, stream, { sha256 })
  stream.destroy()
  return answer
}

function openToRead(path: BytePath): Readable | Problem {
  const unreadable = (why: string) => problem('failed', `cannot read ${displayName(path)}: ${why}`)
  try {
    const fd = openSync(fsPath(path), constants.O_RDONLY | constants.O_NONBLOCK)
    if (fstatSync(fd).isFile()) return createReadStream('', { fd, highWaterMark: READ_AHEAD })
    closeSync(fd)
    return unreadable('it is not a regular file; give it on stdin, as "-"')
  } catch (error) {
    return unreadable(reasonOf(error))
  }
}
