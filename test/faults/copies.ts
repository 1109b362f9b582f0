import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Msg } from '../../src/domain/item.ts'
import type { TestQueue } from '../helpers/worker.ts'

/** The ids of the copies in a queue's que/, by the id of what they are copies of. */
export function copiesIn(target: TestQueue): Map<string, string[]> {
  const copies = new Map<string, string[]>()
  for (const name of target.names('que')) {
    const path = join(target.path, 'que', name)
    const msg: Msg = JSON.parse(readFileSync(statSync(path).isDirectory() ? join(path, 'msg') : path, 'utf8'))
    const of = msg.orig_msg_id ?? ''
    copies.set(of, [...(copies.get(of) ?? []), name.split(',')[0]?.replace(/\.msg$/, '') ?? ''])
  }
  return copies
}
