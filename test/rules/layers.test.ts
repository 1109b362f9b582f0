import { dirname, join, normalize } from 'node:path'
import { describe, expect, it } from 'vitest'
import { codeOf, isTypeScript, type Source, sources } from './sources.ts'

/**
 * What each folder of src/ may import of ours, beside itself: only what lies below it. Folders of one layer
 * never know each other. `cli` starts the supervisor, so it alone knows it.
 */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  domain: [],
  os: [],
  fsqueue: ['domain', 'os'],
  launch: ['domain', 'os'],
  config: ['domain', 'os'],
  log: ['domain', 'os'],
  service: ['domain', 'os', 'fsqueue', 'config', 'log'],
  worker: ['domain', 'os', 'fsqueue', 'launch', 'config', 'log'],
  supervisor: ['domain', 'os', 'fsqueue', 'launch', 'config', 'log'],
  dashboard: ['domain', 'service'],
  http: ['domain', 'os', 'config', 'log', 'service', 'dashboard'],
  scripts: ['domain', 'os', 'config', 'log', 'service'],
  cli: ['domain', 'os', 'fsqueue', 'config', 'log', 'service', 'supervisor'],
}

/** Packages that are pure: no input, no output, no clock of their own. */
const PURE_PACKAGES = ['croner', 'lossless-json']

const FILES = sources(['src'], isTypeScript)

function importsOf({ text }: Source): string[] {
  const pattern = /(?:\bfrom\s+|\bimport\s*\(\s*|^\s*import\s+)['"]([^'"]+)['"]/gm
  return [...text.matchAll(pattern)].map((match) => match[1] ?? '')
}

function folderOf(path: string): string {
  return path.split('/')[1] ?? ''
}

/** The folder of src/ that a relative import leads to. */
function targetFolder(source: Source, specifier: string): string {
  return folderOf(normalize(join(dirname(source.path), specifier)))
}

describe('the layers', () => {
  it('are all of src/', () => {
    const folders = new Set(FILES.map(({ path }) => folderOf(path)))
    expect([...folders].filter((folder) => MAY_IMPORT[folder] === undefined)).toEqual([])
    expect(FILES.length).toBeGreaterThan(50)
  })
  it.each(Object.entries(MAY_IMPORT))('%s imports of ours no more than %j', (folder, allowed) => {
    const wrong = FILES.filter(({ path }) => folderOf(path) === folder).flatMap((source) =>
      importsOf(source)
        .filter((specifier) => specifier.startsWith('.'))
        .filter((specifier) => ![folder, ...allowed].includes(targetFolder(source, specifier)))
        .map((specifier) => `${source.path} imports ${specifier}`),
    )
    expect(wrong).toEqual([])
  })
  it('have no circle: what a folder may import may not import it', () => {
    const reaches = (from: string, to: string): boolean =>
      (MAY_IMPORT[from] ?? []).some((next) => next === to || reaches(next, to))
    expect(Object.keys(MAY_IMPORT).filter((folder) => reaches(folder, folder))).toEqual([])
  })
})

describe('the domain is pure', () => {
  const domain = FILES.filter(({ path }) => folderOf(path) === 'domain')
  it('and imports nothing of Node and no package that is not', () => {
    const wrong = domain.flatMap((source) =>
      importsOf(source)
        .filter((specifier) => !specifier.startsWith('.') && !PURE_PACKAGES.includes(specifier))
        .map((specifier) => `${source.path} imports ${specifier}`),
    )
    expect(wrong).toEqual([])
  })
  it('and asks nobody for the time, for chance, or for the process', () => {
    const wrong = domain.flatMap(({ path, text }) => {
      const found = codeOf(text).match(/\b(?:Date\.now|Math\.random|process\.|setTimeout|performance\.|new Date\(\))/g)
      return (found ?? []).map((what) => `${path}: ${what}`)
    })
    expect(wrong).toEqual([])
  })
})

it('every import of ours ends in .ts', () => {
  const wrong = FILES.flatMap((source) =>
    importsOf(source)
      .filter((specifier) => specifier.startsWith('.') && !/\.(?:tsx?|json|css)$/.test(specifier))
      .map((specifier) => `${source.path} imports ${specifier}`),
  )
  expect(wrong).toEqual([])
})

it('system calls that Node lacks are made in src/os only', () => {
  const wrong = FILES.filter(({ path }) => folderOf(path) !== 'os').filter((source) =>
    importsOf(source).includes('koffi'),
  )
  expect(wrong.map(({ path }) => path)).toEqual([])
})
