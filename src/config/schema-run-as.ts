/** `user`, `group`, `umask`, `no_new_privs` and `limits` in a config.json. */
import * as v from 'valibot'
import type { Limit } from '../domain/run-as.ts'
import { described, flag, say, size } from './forms.ts'

const name = say('a name or a number', '"www-data"')
const account = v.pipe(
  v.union([v.string(), v.pipe(v.number(), v.integer(name), v.minValue(0, name))], name),
  v.transform(String),
  // Never an option of the programs that it is given to.
  v.regex(/^[A-Za-z0-9_][A-Za-z0-9_.@-]{0,255}\$?$/, name),
)

const umask = v.pipe(
  v.string(say('an octal number as a text', '"027"')),
  v.regex(/^[0-7]{1,4}$/, say('an octal number as a text', '"027"')),
)

const unlimited = v.picklist(['unlimited'])
const bytes = v.union([unlimited, size], say('a size or "unlimited"', '"64M"'))
const numberOf = say('a whole number or "unlimited"', '1024')
const number = v.union([unlimited, v.pipe(v.number(), v.integer(numberOf), v.minValue(0, numberOf))], numberOf)

const limits = v.strictObject(
  {
    as: described(bytes, 'Address space.'),
    core: described(bytes, 'A core dump.'),
    cpu: described(number, 'Seconds of CPU time of one process.'),
    data: described(bytes, 'Data segment.'),
    fsize: described(bytes, 'Any file that it writes, its log too.'),
    nofile: described(number, 'Open files of one process.'),
    nproc: described(number, 'Processes and threads of its user, all together.'),
    stack: described(bytes, 'Stack.'),
  } satisfies Record<Limit, v.GenericSchema>,
  'must be an object: limit -> value',
)

export const runAsKeys = {
  user: described(
    account,
    'As whom handlers and hooks run, a name or a number; needs root. Default: the daemon’s user.',
  ),
  group: described(account, 'The group for it. Default: the user’s own.'),
  umask: described(umask, 'File mode creation mask of handlers and hooks. Default: 077.'),
  no_new_privs: described(flag, 'No program gains rights by setuid or file capabilities. Default: false.'),
  limits: described(limits, 'Limits of each process, both soft and hard (setrlimit). Default: the daemon’s.'),
} as const
