/** `rq new-id`: an id for programs that make items themselves. */
import { toBytes } from '../fsqueue/place.ts'
import { ok } from './answer.ts'
import { defineVerb } from './verb.ts'

export { idMaker } from '../fsqueue/new-id.ts'

export const newId = defineVerb({
  summary: 'print a fresh id',
  details: 'For scripts that write items themselves, and to repeat an inject that was interrupted.',
  arguments: { name: { type: 'text', summary: "a file's name, whose safe part the id keeps", optional: true } },
  options: {},
  examples: [
    { command: 'rq new-id report.csv', says: '20261122T101500.123456-x7f2k9-report.csv' },
    { command: 'ID=$(rq new-id); rq inject mail a.eml --id "$ID"', says: 'may be repeated until it answers 0' },
  ],
  run: async (context, input) => ok({ id: context.newId(toBytes(input.name ?? '')) }),
})
