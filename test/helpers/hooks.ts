import { appendFileSync, chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Makes `hooks/NAME` of a queue, with the text of a script after its first line. */
export function addHook(queue: string, name: string, script: string, mode = 0o755): string {
  const path = join(queue, 'hooks', name)
  mkdirSync(join(queue, 'hooks'), { recursive: true, mode: 0o755 })
  writeFileSync(path, `#!/bin/sh\n${script}\n`)
  chmodSync(path, mode)
  return path
}

/** What hooks and handlers append to, `echo … >> "$NOTES"`, and its lines so far. */
export function notes(directory: string): { readonly path: string; lines(): string[] } {
  const path = join(directory, 'notes')
  if (!existsSync(path)) appendFileSync(path, '')
  chmodSync(path, 0o666)
  return { path, lines: () => readFileSync(path, 'utf8').split('\n').slice(0, -1) }
}
