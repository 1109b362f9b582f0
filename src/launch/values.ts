/**
 * What a handler is told: the environment (RQ's names, spec of the ancestor RQ, section "handler protocol") and
 * its arguments, as the text that a slot sources.
 */

import { mergedIds } from '../domain/coalesce.ts'
import type { Msg } from '../domain/item.ts'
import { formatJson } from '../domain/json.ts'
import { quote, unfitValue } from './quote.ts'
import { ownProgram } from './run-as.ts'

/** One run, in the handler's words. Texts are bytes (latin1). */
export interface RunFacts {
  readonly name: string
  readonly attempt: number
  readonly id: string
  readonly queue: string
  readonly host: string
  /** Absolute path of the queue's directory, as of now. */
  readonly queuePath: string
  readonly runDir: string
  readonly priority: number
  readonly tags: readonly string[]
  readonly msg: Msg
  readonly attachments: readonly string[]
  readonly isOneFile: boolean
  /** argv, the prefix in front. */
  readonly command: readonly string[]
  /** What is done before the handler, in its slot; undefined for nothing. */
  readonly first: RunFirst | undefined
  readonly script: string
  readonly realScript: string
  readonly started: string
}

export interface RunFirst {
  /** argv of the hook `before`: a nonzero exit keeps the handler from being run. */
  readonly before: readonly string[] | undefined
  /** Octal. */
  readonly umask: string | undefined
  /** Gets the job directory. Only now: its log is open, and was not opened through a name that is another's to change. */
  readonly owner: { readonly uid: number; readonly gid: number } | undefined
}

/** Set or unset at every run; exported once by the slot. */
export const PER_RUN = [
  'RQ_MSG_ID', 'RQ_FULL_MSG_ID', 'RQ_MSG_DIR', 'RQ_COUNT', 'RQ_ATTEMPT', 'RQ_SRC', 'RQ_DEST', 'RQ_DEST_QUEUE',
  'RQ_PARAM1', 'RQ_PARAM2', 'RQ_PARAM3', 'RQ_PARAM4', 'RQ_PARAMS', 'RQ_JOB_ID', 'RQ_USER_ID', 'RQ_ORIG_MSG_ID',
  'RQ_FORCE_REMOTE', 'RQ_PAYLOAD', 'RQ_NAME', 'RQ_TAGS', 'RQ_PRIORITY', 'RQ_RESULT', 'RQ_SCRIPT', 'RQ_REALSCRIPT',
  'RQ_MERGED',
] as const // biome-ignore format: a list

const MERGED_BYTES = 32 * 1024

type PerRun = (typeof PER_RUN)[number]

export type Values = { readonly kind: 'ok'; readonly text: string } | { readonly kind: 'unfit'; readonly why: string }

export function runValues(run: RunFacts): Values {
  const environment = environmentOf(run)
  // Few commands, as the shell reads and runs them one by one.
  let given = 'export'
  let absent = 'unset RQ_'
  for (const name of PER_RUN) {
    const value = environment[name]
    const problem = value === undefined ? undefined : unfitValue(value)
    if (problem !== undefined) return { kind: 'unfit', why: `${name} ${problem}` }
    if (value === undefined) absent += ` ${name}`
    else given += ` ${name}=${quote(value)}`
  }
  const files = run.attachments.map((name) => `../attach/${name}`)
  const argv = [...run.command, ...files].map(quote).join(' ')
  const lines = [
    absent,
    given,
    `rqd_in=${run.isOneFile ? quote(`../attach/${run.attachments[0] ?? ''}`) : '/dev/null'}`,
    `rqd_header=${quote(`--- ${run.started} attempt ${run.attempt}: ${run.realScript}`)}`,
    ...(run.first === undefined ? [`set -- ${argv}`] : [runFunction(run, run.first, argv, files), 'set -- rqd_run']),
    // Last: a file that was cut off has no token, and is not run.
    `rqd_token=${quote(`${run.name} ${run.attempt}`)}`,
  ]
  return { kind: 'ok', text: lines.join('\n') }
}

/** A function that does what comes first and then runs the handler; its status is the one that is recorded. */
function runFunction({ attempt }: RunFacts, first: RunFirst, argv: string, files: readonly string[]): string {
  const { owner, umask, before } = first
  const words = before === undefined ? '' : [...before, ...files].map(quote).join(' ')
  // One that was told to stop is not begun after its hook.
  const hook = `RQ_HOOK=before ${words} </dev/null && [ ! -e ../stop.${attempt} ]`
  const instead = '{ rqd_status=$?; rqd_state=before rqd_by=b; umask 077; return $rqd_status; }'
  return [
    'rqd_run() {',
    ...(owner === undefined ? [] : [`${quote(ownProgram('chown'))} ${owner.uid}:${owner.gid} . || return 71`]),
    ...(umask === undefined ? [] : [`umask ${umask}`]),
    ...(before === undefined ? [] : [`${hook} || ${instead}`]),
    argv,
    'rqd_status=$?',
    'umask 077',
    'return $rqd_status',
    '}',
  ].join('\n')
}

/** As bytes (latin1 text). */
export function environmentOf(run: Omit<RunFacts, 'command' | 'first'>): Partial<Record<PerRun, string>> {
  const { msg } = run
  const dest = msg.dest ?? run.queue
  return {
    RQ_MSG_ID: run.id,
    RQ_FULL_MSG_ID: `${run.host}/q/${run.queue}/${run.id}`,
    RQ_MSG_DIR: `${run.queuePath}/${run.runDir}/${run.name}/job`,
    RQ_COUNT: String(run.attempt - 1),
    RQ_ATTEMPT: String(run.attempt),
    ...optional('RQ_SRC', msg.src),
    RQ_DEST: bytes(dest),
    RQ_DEST_QUEUE: bytes(dest.split('/').at(-1) ?? dest),
    ...optional('RQ_PARAM1', msg.param1),
    ...optional('RQ_PARAM2', msg.param2),
    ...optional('RQ_PARAM3', msg.param3),
    ...optional('RQ_PARAM4', msg.param4),
    ...optional('RQ_PARAMS', msg.params === undefined ? undefined : formatJson(msg.params)),
    ...optional('RQ_JOB_ID', msg.job_id),
    ...optional('RQ_USER_ID', msg.user_id),
    RQ_ORIG_MSG_ID: bytes(msg.orig_msg_id ?? run.id),
    ...(msg['force_remote'] === undefined ? {} : { RQ_FORCE_REMOTE: '1' }),
    ...(run.attachments[0] === undefined ? {} : { RQ_PAYLOAD: `../attach/${run.attachments[0]}` }),
    ...optional('RQ_NAME', msg.name),
    RQ_TAGS: run.tags.join(' '),
    RQ_PRIORITY: String(run.priority),
    RQ_RESULT: '../result',
    RQ_SCRIPT: run.script,
    RQ_REALSCRIPT: run.realScript,
    ...optional('RQ_MERGED', mergedText(msg)),
  }
}

function optional(name: PerRun, value: string | undefined): Partial<Record<PerRun, string>> {
  return value === undefined ? {} : { [name]: bytes(value) }
}

/** Blank-separated; the latest, as many as fit: all of them stand in `msg`. */
function mergedText(msg: Msg): string | undefined {
  if (msg.merged === undefined) return undefined
  const text = mergedIds(msg).join(' ')
  return text.length <= MERGED_BYTES ? text : text.slice(text.indexOf(' ', text.length - MERGED_BYTES - 1) + 1)
}

function bytes(text: string): string {
  return /^[\x00-\x7f]*$/.test(text) ? text : Buffer.from(text, 'utf8').toString('latin1')
}
