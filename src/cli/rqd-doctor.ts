/** `rqd doctor`: what of the machine could keep rqd from working, each with its fix. */
import { rootFormat } from '../fsqueue/layout.ts'
import { livingHolder } from '../os/holder.ts'
import { listQueues } from '../supervisor/queues.ts'
import { findSlots } from '../supervisor/slots.ts'
import { colours, EXIT, type RqdOptions, rootOf, say, sayJson } from './rqd-common.ts'
import { diskFindings } from './rqd-doctor-disk.ts'
import { systemFindings } from './rqd-doctor-system.ts'

export interface Finding {
  readonly name: string
  /** bad: rqd will not work; warn: it may disappoint. */
  readonly level: 'ok' | 'warn' | 'bad'
  readonly found: string
  readonly fix: string
}

export async function doctor(options: RqdOptions): Promise<number> {
  const root = rootOf(options)
  const findings = await examine(root)
  if (options.json === true) sayJson({ root, findings })
  else await print(findings)
  return findings.some((finding) => finding.level === 'bad') ? EXIT.failed : EXIT.ok
}

async function examine(root: string): Promise<Finding[]> {
  const format = rootFormat(root)
  if (format.kind === 'absent') {
    const fix = '`rqd start` makes one; or set --root or $RQ_ROOT'
    const noRoot: Finding = { name: 'root', level: 'bad', found: `${root} is no root of rqd`, fix }
    return [noRoot, ...(await systemFindings(0, 'self'))]
  }
  const { queues } = listQueues(root)
  return [
    daemonFinding(root),
    ...diskFindings(root, queues),
    ...(await systemFindings(queues.length, livingHolder(root)?.pid ?? 'self')),
    slotFinding(root),
  ]
}

function daemonFinding(root: string): Finding {
  const holder = livingHolder(root)
  const found = holder === undefined ? 'none runs' : `pid ${holder.pid} since ${holder.since}`
  return { name: 'daemon', level: 'ok', found, fix: '' }
}

/** A slot without a worker is right after a detach; for long it is not. */
function slotFinding(root: string): Finding {
  const orphans = findSlots(root).filter((slot) => slot.isOrphan)
  if (orphans.length === 0) return { name: 'slots left over', level: 'ok', found: 'none', fix: '' }
  const groups = [...new Set(orphans.map((slot) => slot.group))]
  const found = `${orphans.length} processes without a worker, in the groups ${groups.join(' ')}`
  const commands = groups.map((group) => `kill -- -${group}`).join('; ')
  const fix = `a daemon adopts them: rqd start; or end them: ${commands}`
  return { name: 'slots left over', level: livingHolder(root) === undefined ? 'warn' : 'ok', found, fix }
}

async function print(findings: readonly Finding[]): Promise<void> {
  const colour = await colours()
  const marks = { ok: colour.green('ok  '), warn: colour.yellow('warn'), bad: colour.red('bad ') } as const
  for (const { name, level, found, fix } of findings) {
    say(`${marks[level]}  ${name}: ${found}`)
    if (fix !== '') say(`      ${colour.dim(fix)}`)
  }
}
