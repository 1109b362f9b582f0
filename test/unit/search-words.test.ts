import { expect, it } from 'vitest'
import { asQuery, SCOPES, whereOf } from '../../src/dashboard/pages/search-words.ts'
import { isQuery, readQuery } from '../../src/service/query.ts'

it.each([
  ['7f2k9', '(id:"7f2k9" | name:"*7f2k9*" | text:"7f2k9")'],
  ['report.csv failed', '(id:"report.csv" | name:"*report.csv*" | text:"report.csv") failed'],
  ['failed age<1d', 'failed age<1d'],
  ['-failed tag:eu', '-failed tag:eu'],
  ['text:"timed out" x', 'text:"timed out" x'],
  ['(failed | done) x', '(failed | done) x'],
])('%s is asked as %s', (typed, asked) => {
  expect(asQuery(typed)).toBe(asked)
})

it.each(['7f2k9', 'a\\b', "it's*", 'report,p1.csv', '50%', 'ü'])(
  'whatever the plain word, it is a query: %s',
  (word) => {
    for (const scope of ['all', 'open', 'failed', 'done'] as const)
      expect(isQuery(readQuery([whereOf(scope, asQuery(word))], 0)), `${SCOPES[scope].query} ${word}`).toBe(true)
  },
)
