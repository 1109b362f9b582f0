/** Items that ended long ago, made as a settle leaves them; and what lies in archives. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** `done/20200101/1000/<name>/` with `msg`, an attachment and a log. Returns its path. */
export function putEnded(queue: string, name: string, state = 'done', bucket = '20200101/1000'): string {
  const item = state === '_err' ? join(queue, state, name) : join(queue, state, bucket, name)
  mkdirSync(join(item, 'attach'), { recursive: true })
  mkdirSync(join(item, 'job'))
  writeFileSync(join(item, 'msg'), JSON.stringify({ name }))
  writeFileSync(join(item, 'attach', `${name}.csv`), `content of ${name}\n`)
  writeFileSync(join(item, 'job', 'stdio.log'), `log of ${name}\n`)
  return item
}

/** The names of items under a directory that hold a `msg`, sorted. */
export function itemsUnder(dir: string): string[] {
  return readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('/msg'))
    .map((path) => path.split('/').at(-2) ?? '')
    .toSorted()
}

/** What tar(1) finds in an archive: members, with a slash behind directories. */
export function membersOf(archive: string): string[] {
  return execFileSync('tar', ['-tzf', archive], { encoding: 'utf8' }).split('\n').filter(Boolean)
}

/** Items that are whole in an archive, by tar(1). */
export function itemsIn(archive: string): string[] {
  const logs = membersOf(archive).filter((name) => name.endsWith('/job/stdio.log'))
  return logs.map((name) => name.split('/').at(-3) ?? '').toSorted()
}

export function archivesIn(dir: string): string[] {
  return readdirSync(dir)
    .filter((name) => name.endsWith('.tar.gz'))
    .toSorted()
}
