import { expect, it } from 'vitest'
import { linesMatching, sources } from './sources.ts'

/** What the project's own text never speaks of: one machine, where packages come from, who typed it. */
const FORBIDDEN: readonly [what: string, pattern: RegExp][] = [
  ['a path of one machine', /(?:^|[\s'"`(=:])\/(?:work|root|home\/\w+|Users\/\w+)\/|\.pyenv|\/tmp\/bash_jobs/],
  ['a package registry', /registry\.(?:npmjs|yarnpkg)|npm\.pkg\.github|artifactory|nexus\.|pypi\.org|verdaccio/i],
  [
    'a design paper that is not part of it',
    /\bDESIGN\.md\b|\bspec\/(?:rq|requirements|performance|peers|libraries|reliability|style)\.md/,
  ],
  [
    'how it was written',
    /\b(?:helper|coding|other|another|previous|this) (?:agent|session)s?\b|\blanguage model\b|\bas an ai\b/i,
  ],
  ['a program that wrote it', /\b(?:claude|anthropic|chatgpt|copilot|openai|llm)\b/i],
  ['what is left to do', /\b(?:TODO|FIXME|XXX|HACK)\b/],
]

const PLACES = [
  'src',
  'test',
  'bench',
  'docs',
  'examples',
  'packaging',
  'bin',
  '.ci',
  'README.md',
  'CHANGELOG.md',
  'LICENSE',
  'build.mjs',
  'package.json',
  'package-lock.json',
]

const TEXT = sources(PLACES, (path) => path !== 'test/rules/words.test.ts' && !/\.(?:png|gz|ico|woff2?)$/.test(path))

it.each(FORBIDDEN)('nothing speaks of %s', (_what, pattern) => {
  expect(TEXT.flatMap((source) => linesMatching(source, pattern))).toEqual([])
})
