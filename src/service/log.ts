/** `rq log`: what a handler said, also while it speaks. The file is kept open: it moves with its item. */
import { closeSync } from 'node:fs'
import { formOf, openLog, readChunk } from '../fsqueue/content.ts'
import { look } from '../fsqueue/place.ts'
import { type Answer, ok, refuse } from './answer.ts'
import type { Context } from './context.ts'
import { callName } from './item-ref.ts'
import { type Found, findAgain, finder, pathOf } from './lookup.ts'
import { defineVerb } from './verb.ts'

const LOOK_AGAIN = 100

export const log = defineVerb({
  summary: 'print what the handler of an item wrote to stdout and stderr',
  details:
    'Each attempt stands under a header. On a terminal, control characters are shown, not sent; --raw sends them.',
  arguments: { id: { type: 'item', summary: 'an item that runs or ran', states: ['run', '_err'] } },
  options: {
    follow: { type: 'flag', summary: 'go on until it has ended', short: 'f' },
    raw: { type: 'flag', summary: 'send control characters to the terminal too' },
    from: { type: 'bytes', summary: 'leave out so many bytes at its beginning', value: 'BYTES' },
  },
  examples: [
    { command: 'rq log x7f2k9 -f', says: 'watch it work' },
    { command: 'rq log x7f2k9 --from 1M', says: 'without its first mebibyte' },
  ],
  run: async (context, input) => {
    const item = await finder(context.root)(input.id)
    if ('kind' in item) return { value: undefined, problems: [item] }
    const from = input.from ?? 0
    return input.follow ? follow(context, item, from) : print(context, item, from)
  },
})

async function print(context: Context, item: Found, from: number): Promise<Answer<undefined>> {
  const fd = logOf(item)
  if (fd === undefined)
    return refuse(
      'failed',
      `${callName(item.at.raw)} has no log: ${item.at.state === 'que' ? 'it has not run yet' : 'it wrote none'}`,
    )
  try {
    await pour(context, fd, from)
  } finally {
    closeSync(fd)
  }
  return ok(undefined)
}

/** A log grows without a name changing, so it is looked at often; that costs one read of nothing. */
async function follow(context: Context, first: Found, from: number): Promise<Answer<undefined>> {
  let item: Found | undefined = first
  let fd = logOf(first)
  let position = from
  try {
    while (!context.cancelled.aborted) {
      // Asked before reading: what was written until the end is then read as well.
      if (look(pathOf(item)) === undefined) item = await findAgain(item)
      fd ??= item === undefined ? undefined : logOf(item)
      if (fd !== undefined) position = await pour(context, fd, position)
      if (item === undefined)
        return fd === undefined ? refuse('not-found', `${callName(first.at.raw)} is gone`) : ok(undefined)
      if (item.at.state !== 'run' && item.at.state !== 'que')
        return fd === undefined ? print(context, item, from) : ok(undefined)
      await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN))
    }
    return ok(undefined)
  } finally {
    if (fd !== undefined) closeSync(fd)
  }
}

function logOf(item: Found): number | undefined {
  return formOf(pathOf(item), item.at.raw) === 'directory' ? openLog(pathOf(item)) : undefined
}

/** Also of a result: as fast as it is read, and no further than somebody reads. */
export async function pour(context: Context, fd: number, from: number): Promise<number> {
  let position = from
  while (!context.cancelled.aborted) {
    const chunk = readChunk(fd, position)
    if (chunk.length === 0) break
    position += chunk.length
    context.tell({ kind: 'log', chunk })
    await context.room?.()
  }
  return position
}
