/** What comes on stdin, as items. Loaded only where there is something to read: streams cost more than a listing. */
import { constants, createWriteStream, openSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { pipeline } from 'node:stream/promises'
import { type BytePath, fsPath } from '../fsqueue/place.ts'
import { isProblem, type Problem, problem } from './answer.ts'
import type { Context } from './context.ts'
import { type Item, jsonItem, reasonOf, spooledItem, type Wish } from './drafts.ts'
import type { Publisher } from './publisher.ts'

const IDLE = 20

/** An item for each line; what is wrong with one is said with its number, and the others go on. */
export async function feedLines(context: Context, wish: Wish, publisher: Publisher): Promise<void> {
  let number = 0
  // A program may wait for our answer before it sends the next line.
  const idle = setTimeout(() => publisher.flush(), IDLE)
  const lines = createInterface({
    input: context.input(),
    crlfDelay: Number.POSITIVE_INFINITY,
    signal: context.cancelled,
  })
  for await (const line of lines) {
    number += 1
    idle.refresh()
    if (line.trim() === '') continue
    const item = jsonItem(context, wish, line)
    const from = `line ${number}: `
    if (isProblem(item)) publisher.complain(problem('failed', `${from}${item.text}`))
    else if (!(await publisher.add(item, from))) break
  }
  clearTimeout(idle)
}

/** Stdin may be larger than memory: it goes into a file of ours, which becomes the item by a link. */
export async function spool(context: Context, wish: Wish, path: BytePath): Promise<Item | Problem> {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW
  try {
    const fd = openSync(fsPath(path), flags, 0o600)
    await pipeline(context.input(), createWriteStream('', { fd }), { signal: context.cancelled })
  } catch (error) {
    return problem('failed', `cannot keep stdin: ${context.cancelled.aborted ? 'interrupted' : reasonOf(error)}`)
  }
  return spooledItem(context, wish, path)
}

/** A small text, whole. */
export async function readText(context: Context, limit: number): Promise<string | Problem> {
  const chunks: Buffer[] = []
  let size = 0
  try {
    for await (const chunk of context.input()) {
      const bytes = Buffer.from(chunk)
      size += bytes.length
      if (size > limit) return problem('failed', `stdin is larger than ${limit} bytes`)
      chunks.push(bytes)
    }
  } catch (error) {
    return problem('failed', `cannot read stdin: ${reasonOf(error)}`)
  }
  return Buffer.concat(chunks).toString('utf8')
}
