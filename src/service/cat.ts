/** `rq cat`: what is in a file of an item, or a range of it. */
import { closeSync } from 'node:fs'
import { readChunk } from '../fsqueue/content.ts'
import { type Answer, ok } from './answer.ts'
import type { Context } from './context.ts'
import { type OpenFile, openAttachment } from './open-file.ts'
import { defineVerb } from './verb.ts'

export const cat = defineVerb({
  summary: 'print a file of an item',
  details:
    'NAME may be left out of an item with one file. On a terminal, control characters are shown, not sent; --raw sends them.',
  arguments: {
    id: { type: 'item', summary: 'an item in any state' },
    name: { type: 'text', summary: 'the name of an attachment', optional: true },
  },
  options: {
    from: { type: 'bytes', summary: 'begin at this byte, from 0', value: 'N' },
    bytes: { type: 'bytes', summary: 'no more than so many', value: 'N' },
    raw: { type: 'flag', summary: 'send control characters to the terminal too' },
  },
  examples: [
    { command: 'rq cat x7f2k9 photo.jpg > photo.jpg', says: 'one of its files' },
    { command: 'rq cat x7f2k9 --from 1000 --bytes 100', says: 'a part of its only one' },
  ],
  run: async (context, input): Promise<Answer<undefined>> => {
    const { value: file, problems } = await openAttachment(context, input.id, input.name)
    if (file === undefined) return { value: undefined, problems }
    try {
      await pour(context, file, input.from ?? 0, input.bytes ?? Number.POSITIVE_INFINITY)
    } finally {
      closeSync(file.fd)
    }
    return ok(undefined)
  },
})

async function pour(context: Context, { fd }: OpenFile, from: number, bytes: number): Promise<void> {
  const end = from + bytes
  for (let at = from; at < end && !context.cancelled.aborted; ) {
    const chunk = readChunk(fd, at).subarray(0, Math.min(end - at, Number.MAX_SAFE_INTEGER))
    if (chunk.length === 0) return
    context.tell({ kind: 'log', chunk })
    at += chunk.length
    // Signals are heard.
    await new Promise((resolve) => setImmediate(resolve))
  }
}
