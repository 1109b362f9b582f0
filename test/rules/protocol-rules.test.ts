import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { REPO, sources } from './sources.ts'

/**
 * docs/PROTOCOL.md lists the rules that each close a hole, marked ▸, one in a table row, with the test that
 * keeps it: a file, and behind it, in quotes, a part of the test's name where the file has many.
 *
 *     | ▸ a lost race is an answer | `test/fsqueue/claim.test.ts` "is lost, and leaves nothing" |
 */
const [protocol] = sources(['docs/PROTOCOL.md'])

interface Rule {
  readonly row: string
  readonly tests: readonly { readonly file: string; readonly name: string | undefined }[]
}

function rulesOf(text: string): Rule[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('|') && line.includes('▸'))
    .map((row) => ({
      row,
      tests: [...row.matchAll(/`(test\/[^`]+\.test\.ts)`(?:\s+"([^"]+)")?/g)].map((match) => ({
        file: match[1] ?? '',
        name: match[2],
      })),
    }))
}

describe.skipIf(protocol === undefined)('every rule of the protocol', () => {
  const rules = rulesOf(protocol?.text ?? '')
  it('is in its table', () => {
    expect(rules.length).toBeGreaterThan(10)
  })
  it('names the test that keeps it', () => {
    expect(rules.filter(({ tests }) => tests.length === 0).map(({ row }) => row)).toEqual([])
  })
  it('is kept by a test that exists', () => {
    const missing = rules.flatMap(({ tests }) =>
      tests
        .filter(({ file, name }) => !existsSync(join(REPO, file)) || !holds(file, name))
        .map(({ file, name }) => `${file} ${name ?? ''}`),
    )
    expect(missing).toEqual([])
  })
})

function holds(file: string, name: string | undefined): boolean {
  return name === undefined || sources([file]).some(({ text }) => text.includes(name))
}

it('a row without a test would be found', () => {
  expect(rulesOf('| ▸ a rule | none |')).toEqual([{ row: '| ▸ a rule | none |', tests: [] }])
  expect(rulesOf('| ▸ a | `test/a.test.ts` "b" |')[0]?.tests).toEqual([{ file: 'test/a.test.ts', name: 'b' }])
})
