/** What the documents and the examples show of a config.json is one. */
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { checkValue } from '../../src/config/check.ts'
import { formatProblem } from '../../src/config/file.ts'
import { QueueFile, RootFile } from '../../src/config/schema.ts'

const ROOT = new URL('../../', import.meta.url)
const PAGES = ['README.md', ...readdirSync(new URL('docs/', ROOT)).map((name) => `docs/${name}`)].filter((path) =>
  /^README|docs\/(?:ALERTS|FLOW|HOOKS|LIMITS|RETENTION|RETRY|SCHEDULES|STATS|USERS)\.md$/.test(path),
)

const blocks = PAGES.flatMap((path) => {
  const text = readFileSync(new URL(path, ROOT), 'utf8')
  return [...text.matchAll(/^```json\n(.*?)^```$/gms)].map(
    (match, index) => [`${path}, ${index + 1}`, match[1] ?? ''] as const,
  )
})
const files = readdirSync(new URL('examples/', ROOT), { recursive: true })
  .map(String)
  .filter((path) => path.endsWith('config.json'))
  .map((path) => [`examples/${path}`, readFileSync(new URL(`examples/${path}`, ROOT), 'utf8')] as const)

function problems(text: string): string[] {
  const value: unknown = JSON.parse(text)
  const [queue, root] = [checkValue('queue', value, QueueFile), checkValue('root', value, RootFile)]
  return queue.kind === 'ok' || root.kind === 'ok' ? [] : queue.problems.map(formatProblem)
}

describe('a config.json that is shown', () => {
  test('is found at all', () => {
    expect(blocks.length).toBeGreaterThan(5)
    expect(files.length).toBeGreaterThan(4)
  })
  test.each([...blocks, ...files])('%s', (_name, text) => expect(problems(text)).toEqual([]))
})
