/** `alerts`: what is told to whom (docs/ALERTS.md). */
import * as v from 'valibot'
import type { AgeingState, AlertPolicy, DiskLimit } from '../domain/alerts.ts'
import { described, duration, flag, size, word } from './forms.ts'

const TARGET = 'must be "mailto:ops@example.org", "https://host/path" or "exec:./program"'
const target = v.pipe(
  v.string(TARGET),
  v.regex(
    /^(?:mailto:[^\s@,?<>]+@[^\s@,?<>]+(?:,[^\s@,?<>]+@[^\s@,?<>]+)*|https?:\/\/[^\s/?#]+\S*|exec:[^\s\0][^\0\n]*)$/,
    TARGET,
  ),
)

/** Takes back what the root says, for one queue. */
const off = v.literal(false)
const spanOrOff = v.union([duration, off], 'must be a duration, such as "1h", or false')

const percent = v.pipe(
  v.string(),
  v.regex(/^\s*\d{1,2}(?:\.\d+)?\s*%\s*$/),
  v.transform((text): DiskLimit => ({ kind: 'percent', percent: Number.parseFloat(text) })),
)
const bytes = v.pipe(
  size,
  v.transform((count): DiskLimit => ({ kind: 'bytes', bytes: count })),
)

const age = described(spanOrOff, 'How long an entry may be there.')
const filesOlder = v.strictObject(
  { prep: age, que: age, run: age, pause: age, _err: age } satisfies Record<AgeingState, typeof age>,
  'must be an object: state -> duration',
)

const on = v.strictObject(
  {
    failed: described(flag, 'An item failed at its first try. Default: true.'),
    gave_up: described(flag, 'An item failed after it had been tried again. Default: true.'),
    down: described(flag, '_down, a bad configuration, a broken handler, a disk that refuses. Default: true.'),
    oldest: described(spanOrOff, 'An item that may run has waited so long. Default: off.'),
    idle: described(spanOrOff, 'Nothing was done or relayed for so long. Default: off.'),
    disk_below: described(
      v.union([percent, bytes, off], 'must be "5%", a size such as "10G", or false'),
      'Less than this is free; in percent, of bytes or of inodes. Default: off.',
    ),
    files_older: described(filesOlder, 'Entries that have been in a state for longer: {"_err": "3d"}. Default: off.'),
  },
  'must be an object: rule -> value',
)

const alerts = v.strictObject(
  {
    to: described(v.array(target, 'must be a list'), 'Who is told: mailto:, https:, exec:. Default: nobody.'),
    on: described(on, 'What is told.'),
    every: described(duration, 'How often is looked, and the least time between two words of failures. Default: 15m.'),
    repeat: described(duration, 'What still stands after this is said again. Default: 1d.'),
    queue: described(word, 'The queue whose items the alerts are; made when it is needed. Default: alerts.'),
    smtp: described(
      v.pipe(v.string('must be a text'), v.regex(/^smtps?:\/\/\S+$/, 'must be such as "smtp://127.0.0.1:25"')),
      'The mail server; smtps: for TLS from the start. Default: smtp://127.0.0.1:25.',
    ),
    smtp_password_file: described(word, 'A file with the password of the user in smtp.'),
    from: described(word, 'The sender of mails. Default: rqd@ and the name of the host.'),
  },
  'must be an object',
)

export const alertKeys = {
  alerts: described(alerts, 'Mails, webhooks and commands for what goes wrong.'),
} as const

export function alertPolicy({ alerts: set }: { readonly alerts: v.InferOutput<typeof alerts> }): AlertPolicy {
  const rules = set.on ?? {}
  const span = (value: number | false | undefined) =>
    value === undefined || value === false ? Number.POSITIVE_INFINITY : value
  const ages = Object.entries(rules.files_older ?? {}).filter(([, age]) => age !== false)
  return {
    to: set.to ?? [],
    failed: rules.failed ?? false,
    gaveUp: rules.gave_up ?? false,
    down: rules.down ?? false,
    oldest: span(rules.oldest),
    idle: span(rules.idle),
    diskBelow: rules.disk_below === false ? undefined : rules.disk_below,
    filesOlder: Object.fromEntries(ages) as AlertPolicy['filesOlder'],
    every: set.every ?? 0,
    repeat: set.repeat ?? 0,
    queue: set.queue ?? 'alerts',
    smtp: set.smtp ?? '',
    smtpPasswordFile: set.smtp_password_file,
    from: set.from,
  }
}
