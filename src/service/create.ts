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
    'CMD that names an executable file becomes the handler by its absolute path; anything else is a shell command, ' +
    'which gets the payload as "$1" and on stdin.',
  arguments: { queue: { type: 'text', summary: 'its name' } },
  options: { handler: { type: 'text', summary: 'what to run for each item', value: 'CMD' } },
  examples: [
    { command: "rq create count --handler 'wc -c'", says: 'a command' },
    { command: 'rq create mail --handler ./send-mail.py', says: 'a program of yours' },
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
    if (input.handler !== undefined) writeHandler(inQueue(queue, ''), input.handler)
    await syncInOrder(treeOf(made).toReversed())
    // The daemon may look at any moment: it shall see a whole queue or none.
    if (!existing && !renamed(made, target)) return refuse('failed', `queue ${name} exists: ${path}`)
    const root = toBytes(context.root) as BytePath
    await syncInOrder([within(root, 'queue'), root, toBytes(dirname(context.root)) as BytePath])
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

function writeHandler(base: string, command: string): void {
  if (isProgram(resolve(command))) {
    writeNew(`${base}config.json` as BytePath, `${JSON.stringify({ handler: resolve(command) }, undefined, 2)}\n`)
    return
  }
  writeNew(`${base}handler` as BytePath, `#!/bin/sh\nexec ${command} "$@"\n`, 0o700)
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
