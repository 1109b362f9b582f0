/** The repository's own text, for rules about it. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'

export const REPO = join(import.meta.dirname, '../..')

const SKIPPED = new Set(['node_modules', 'dist', 'demo', 'coverage', '.git'])

export interface Source {
  /** Relative to the repository. */
  readonly path: string
  readonly text: string
}

/** All files under these places of the repository; what does not exist (yet) has none. */
export function sources(places: readonly string[], keep: (path: string) => boolean = () => true): Source[] {
  return places
    .flatMap((place) => filesUnder(join(REPO, place)))
    .map((path) => relative(REPO, path))
    .filter(keep)
    .map((path) => ({ path, text: readFileSync(join(REPO, path), 'utf8') }))
}

function filesUnder(path: string): string[] {
  if (!existsSync(path)) return []
  if (!statSync(path).isDirectory()) return [path]
  return readdirSync(path, { withFileTypes: true }).flatMap((entry) => {
    if (SKIPPED.has(entry.name)) return []
    const child = join(path, entry.name)
    if (entry.isDirectory()) return filesUnder(child)
    return entry.isFile() ? [child] : []
  })
}

export function isTypeScript(path: string): boolean {
  return /\.tsx?$/.test(path)
}

/** The code alone: comments and the content of plain strings blanked out, line numbers kept. */
export function codeOf(text: string): string {
  const blank = (match: string) => match.replace(/[^\n]/g, ' ')
  return text.replace(/\/\*[\s\S]*?\*\/|(?<![:'"`\\])\/\/[^\n]*|'(?:[^'\\\n]|\\.)*'/g, blank)
}

/** `path:line: text` of every line that matches. */
export function linesMatching({ path, text }: Source, pattern: RegExp): string[] {
  return text.split('\n').flatMap((line, i) => (pattern.test(line) ? [`${path}:${i + 1}: ${line.trim()}`] : []))
}
