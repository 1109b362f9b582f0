/** What `rq clean` did, for people. */
import type { Cleaned } from '../service/clean.ts'
import { type Output, printable } from './output.ts'

export function renderCleaned(queues: readonly Cleaned[], out: Output): void {
  for (const { queue, dry_run, removed, archives } of queues) {
    const did = dry_run ? 'would remove' : 'removed'
    const parts = Object.entries(removed).map(([kind, { items, bytes }]) => `${items} of ${kind} (${byteText(bytes)})`)
    out.line(`${printable(queue)}: ${parts.length === 0 ? `${did} nothing` : `${did} ${parts.join(', ')}`}`)
    for (const { path, items } of archives) out.line(`  ${items} archived in ${printable(path)}`)
  }
}

const UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'] as const

/** `1.5 MiB` */
export function byteText(bytes: number): string {
  let amount = bytes
  let unit = 0
  for (; amount >= 1024 && unit < UNITS.length - 1; unit += 1) amount /= 1024
  return `${unit === 0 ? amount : amount.toFixed(1)} ${UNITS[unit]}`
}
