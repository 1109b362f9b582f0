/** `rq create`: a queue is a directory; this makes one whole, or not at all. */
import { accessSync, constants, mkdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { queuePath } from '../config/root.ts'
import { parseQueueName } from '../domain/name.ts'
import { writeNew } from '../fsqueue/files.ts'
import { createRoot, ensureQueue } from '../fsqueue/layout.ts'
import { type BytePath, fsPath, inQueue, look, makeDir, queueDir, toBytes, within } from '../fsqueue/place.ts'
import { syncInOrder, treeOf } from '../fsqueue/sync.ts'
import { errnoOf } from '../os/errno.ts'
import { ok, refuse } from './answer.ts'
import { defineVerb } from './verb.ts'

export const create = defineVerb({
  summary: 'make a queue, and the root if there is none',
  details:
    'CMD that names an executable file becomes the handler by its absolute path; anything else is a shell command. ' +
    'The paths of the payload are appended to either (`wc -c` runs as `wc -c PATH`), and one payload is on stdin as well. ' +
    'A command that takes no path, such as `sleep 3`, or wants it elsewhere, goes into sh -c \'...\', where "$0" is the path.',
  arguments: { queue: { type: 'text', summary: 'its name' } },
  options: { handler: { type: 'text', summary: 'what to run for each item', value: 'CMD' } },
  examples: [
    { command: 'rq create mail --handler ./send-mail.py', says: 'a program of yours: ./send-mail.py PATH' },
    { command: "rq create count --handler 'wc -c'", says: 'a command: wc -c PATH' },
    { command: `rq create nap --handler "sh -c 'sleep 3'"`, says: 'a command that must not get the path' },
    { command: `rq create keep --handler "sh -c 'cp \\"$0\\" /srv'"`, says: 'the path in the middle: cp PATH /srv' },
    { command: 'rq create mail', says: 'then put an executable file named handler into it' },
  ],
  run: async (context, input) => {
    const name = parseQueueName(input.queue)
    if (name === undefined)
      return refuse(
        'usage',
        `"${input.queue}" cannot name a queue: no "/", no control characters, no leading dot, at most 128`,
      )
    if (input.handler?.includes('\n') === true)
      return refuse('usage', 'a command is one line; put more into a file and name that')
    if (input.handler !== undefined && /[;&|]\s*$/.test(unquoted(input.handler)))
      return refuse('usage', `"${input.handler}" ends too early: the path of the payload is appended to it`)
    const path = queuePath(context.root, name)
    const target = toBytes(path) as BytePath
    if (['handler', 'config.json'].some((file) => look(within(target, file)) !== undefined)) {
      return refuse('failed', `queue ${name} exists: ${path}`)
    }

    mkdirSync(dirname(context.root), { recursive: true, mode: 0o700 })
    createRoot(context.root)
    const existing = look(target) !== undefined
    const building = existing ? path : queuePath(context.root, `.new-${context.newId().slice(0, 29)}`)
    const made = toBytes(building) as BytePath
    makeDir(made)
    const queue = queueDir(building)
    ensureQueue(queue)
    const wrote = input.handler === undefined ? undefined : writeHandler(inQueue(queue, ''), input.handler)
    await syncInOrder(treeOf(made).toReversed())
    // The daemon may look at any moment: it shall see a whole queue or none.
    if (!existing && !renamed(made, target)) return refuse('failed', `queue ${name} exists: ${path}`)
    const root = toBytes(context.root) as BytePath
    await syncInOrder([within(root, 'queue'), root, toBytes(dirname(context.root)) as BytePath])
    if (wrote === 'command' && !/^\s*\w*sh -c\s/.test(input.handler ?? '')) {
      const text = `an item runs: ${input.handler} PATH; if the path must not come last, use sh -c '...'`
      context.tell({ kind: 'note', text: `${text} (\`rq create --help\`)` })
    }
    return ok({ queue: name, path, handler: input.handler ?? null })
  },
})

function renamed(from: BytePath, to: BytePath): boolean {
  try {
    renameSync(fsPath(from), fsPath(to))
    return true
  } catch (error) {
    rmSync(fsPath(from), { recursive: true, force: true })
    if (errnoOf(error) === 'ENOTEMPTY' || errnoOf(error) === 'EEXIST') return false
    throw error
  }
}

/** Several commands, an assignment, or a word of the shell's own: exec would run the first only, or fail. */
const NO_EXEC = /[;&|]|^\s*(?:\w+=|(?:[.:!({]|exec|exit|eval)(?:\s|$))/

function writeHandler(base: string, command: string): 'program' | 'command' {
  if (isProgram(resolve(command))) {
    writeNew(`${base}config.json` as BytePath, `${JSON.stringify({ handler: resolve(command) }, undefined, 2)}\n`)
    return 'program'
  }
  const exec = NO_EXEC.test(unquoted(command)) ? '' : 'exec '
  writeNew(`${base}handler` as BytePath, `#!/bin/sh\n${exec}${command} "$@"\n`, 0o700)
  return 'command'
}

function unquoted(command: string): string {
  return command.replace(/'[^']*'|"(?:[^"\\]|\\.)*"|\\./g, 'x')
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch (error) {
    const code = errnoOf(error)
    if (code === 'ENOENT' || code === 'EACCES' || code === 'ENOTDIR' || code === 'ENAMETOOLONG' || code === 'ELOOP')
      return false
    throw error
  }
}
