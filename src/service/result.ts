/** `rq result`: the JSON that a handler left in $RQ_RESULT. */

import { closeSync } from 'node:fs'
import { formatJson } from '../domain/json.ts'
import { formOf, messageOf, openWithin } from '../fsqueue/content.ts'
import { ok, refuse } from './answer.ts'
import { callName } from './item-ref.ts'
import { pour } from './log.ts'
import { finder, pathOf } from './lookup.ts'
import { defineVerb } from './verb.ts'

export const result = defineVerb({
  summary: 'print the result of an item',
  details: 'JSON, as its handler wrote it. Exit 1 if there is none, or not yet.',
  arguments: { id: { type: 'item', summary: 'an item that ended', states: ['_err'] } },
  options: {},
  examples: [{ command: 'rq result x7f2k9 | jq .total', says: 'use it' }],
  run: async (context, input) => {
    const item = await finder(context.root)(input.id)
    if ('kind' in item) return { value: undefined, problems: [item] }
    const name = callName(item.at.raw)
    const path = pathOf(item)
    const form = formOf(path, item.at.raw)
    if (item.at.state === 'que' || item.at.state === 'run')
      return refuse('failed', `${name} has not ended: \`rq wait\` waits for it`)
    const reading = form === undefined ? undefined : messageOf(path, form)
    if (reading?.kind === 'msg' && reading.msg.result !== undefined) {
      context.tell({ kind: 'log', chunk: Buffer.from(`${formatJson(reading.msg.result)}\n`) })
      return ok(undefined)
    }
    const fd = form === 'directory' ? openWithin(path, 'result') : undefined
    if (fd === undefined) return refuse('failed', `${name} has no result`)
    try {
      await pour(context, fd, 0)
    } finally {
      closeSync(fd)
    }
    return ok(undefined)
  },
})
