/** What the verbs that administer a queue answered, for people. */
import { formatJson } from '../domain/json.ts'
import type { ValueOf } from '../service/registry.ts'
import { type Output, printable, table } from './output.ts'

export function renderConfig(value: ValueOf<'config'>, out: Output): void {
  if ('schema' in value) {
    out.line(JSON.stringify(value.schema, undefined, 2))
    return
  }
  // Of a file with mistakes the mistakes are told.
  if (value.values.length + value.off.length === 0) return
  const rows = value.values.map(({ key, value: set, from, file }) => [
    key,
    typeof set === 'string' ? set : formatJson(set),
    from === 'default' ? { text: from, colour: 'dim' as const } : (file ?? from),
  ])
  const dim = (text: string) => ({ text, colour: 'dim' as const })
  table(out, ['KEY', 'VALUE', 'FROM'], [...rows, ...value.off.map((key) => [key, dim('(off)'), dim('default')])])
}

export function renderConfigured(
  { queue, path, changed, written }: ValueOf<'configure'>,
  out: Output,
  dry: boolean,
): void {
  for (const key of changed) out.line(printable(key))
  const count = changed.length === 1 ? '1 key' : `${changed.length} keys`
  const did = written ? `${count} changed in ${path}` : dry ? `${count} would change` : 'it is so already'
  out.line(`${printable(queue)}: ${printable(did)}`)
}

export function renderForm({ queue, path, fields, ignored }: ValueOf<'form'>, out: Output, err: Output): void {
  if (path === null) err.line(`rq: ${printable(queue)} has no form.json; any queue is asked for these`)
  for (const key of ignored) err.line(`rq: ${printable(key)} has no meaning here, and is left out`)
  const rows = fields.map(({ name, type, label, required, hidden, default: given }) => [
    name,
    type,
    label,
    [hidden ? 'hidden' : '', required ? 'required' : ''].filter(Boolean).join(', '),
    given === null ? '' : formatJson(given),
  ])
  table(out, ['FIELD', 'TYPE', 'LABEL', '', 'DEFAULT'], rows)
}

export function renderDowned(queues: ValueOf<'down'>, out: Output): void {
  for (const { queue, down, changed } of queues)
    out.line(`${printable(queue)}: ${down ? 'down' : 'up'}${changed ? '' : ' already'}`)
}

export function renderRestarted(queues: ValueOf<'restart'>, out: Output): void {
  for (const { queue, did, pid } of queues)
    out.line(`${printable(queue)}: ${did === 'restarted' ? `restarted (pid ${pid})` : 'no worker ran'}`)
}
