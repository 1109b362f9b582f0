/** Where an item lies, as anybody would find out: by looking everywhere. */
import { type Dirent, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { parseItemName, type RawName } from '../../src/domain/name.ts'

/** Paths below `queue/` of each directory entry that is the item of this id, in whatever state, trash and scratch, too. */
export function placesOf(root: string, id: string): string[] {
  return walk(join(root, 'queue'), '', id)
}

function walk(dir: string, path: string, id: string): string[] {
  return entriesOf(join(dir, path)).flatMap((entry) => {
    const at = join(path, entry.name)
    if (parseItemName(entry.name as RawName).id === id) return [at]
    return entry.isDirectory() ? walk(dir, at, id) : []
  })
}

/** It may be moved on while we look. */
function entriesOf(dir: string): Dirent[] {
  try {
    return readdirSync(dir, { withFileTypes: true })
  } catch {
    return []
  }
}
