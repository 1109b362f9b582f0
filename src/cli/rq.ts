/** `rq`: the verbs of the service on a command line. */
import { readFileSync } from 'node:fs'
import { nearest } from '../config/near.ts'
import { resolveRoot } from '../config/root.ts'
import { isRecord } from '../domain/json.ts'
import { QueueIoError } from '../fsqueue/errors.ts'
import { idMaker } from '../fsqueue/new-id.ts'
import type { Answer, ProblemKind } from '../service/answer.ts'
import type { Context, ServiceEvent } from '../service/context.ts'
import { refusalText } from '../service/drafts.ts'
import { MOST_ROWS } from '../service/listing.ts'
import { perform, VERBS, type VerbName } from '../service/registry.ts'
import type { Verb } from '../service/verb.ts'
import { makeOutput, type Output, printable, printableLog, toJson } from './output.ts'
import { exactArguments, parseCommandLine, type Taken } from './rq-args.ts'
import { complete } from './rq-complete.ts'
import { overview, verbHelp } from './rq-help.ts'
import { makeProgress, type Progress } from './rq-progress.ts'
import { RENDERERS } from './rq-render.ts'
import { renderDone } from './rq-render-bulk.ts'
import { renderEvent } from './rq-render-events.ts'
import { COMPLETION, completionScript } from './rq-shells.ts'

const EXIT = {
  'not-found': 66,
  usage: 2,
  failed: 1,
  'daemon-down': 69,
  'unknown-outcome': 74,
  busy: 75,
} as const satisfies Record<ProblemKind, number>

/** Of the verbs that handle many items each prints its JSON on a line of its own. */
const cancelled = new AbortController()
const out = makeOutput(1, () => cancelled.abort())
const err = makeOutput(2, () => undefined)

function complain(text: string): void {
  err.line(`rq: ${printable(text)}`)
}

async function main(argv: readonly string[]): Promise<number> {
  const { name, args } = split(argv)
  if (name === '__complete') return finish(complete(args, out))
  if (name === undefined || name === 'help') return help(args[0])
  if (name === '--version' || name === '-V') return finish(out.line(packageVersion()))
  if (name === 'completion') return completion(args)
  if (!isVerb(name)) return unknownCommand(name)
  const parsed = parseCommandLine(VERBS[name], args, Date.now())
  if (!parsed.ok) {
    complain(`${name}: ${parsed.problem} (\`rq ${name} --help\` says more)`)
    return troubleOf(name) ?? EXIT.usage
  }
  if (parsed.taken.help) return help(name)
  if (name === 'top' && !parsed.taken.json && out.isTerminal && process.getBuiltinModule('node:tty').isatty(0))
    return (await import('./rq-top.ts')).watchTop(
      makeContext(parsed.taken, () => undefined),
      parsed.taken.input,
      out,
    )
  return run(name, parsed.taken)
}

/** Of a verb that has exit codes of its own. */
function troubleOf(name: VerbName): number | undefined {
  return (VERBS[name] as unknown as Verb).trouble
}

async function finish(done: void | Promise<void>): Promise<number> {
  await done
  return 0
}

function isVerb(name: string): name is VerbName {
  return Object.hasOwn(VERBS, name)
}

/** `rq --root DIR ls` is `rq ls --root DIR`. */
function split(argv: readonly string[]): { name: string | undefined; args: readonly string[] } {
  const [first, second, ...rest] = argv
  if (first === undefined || first === '--help' || first === '-h') return { name: undefined, args: [] }
  if (first === '--root' && rest[0] !== undefined)
    return { name: rest[0], args: ['--root', second ?? '', ...rest.slice(1)] }
  if (first.startsWith('--root=') && second !== undefined) return { name: second, args: [first, ...rest] }
  return { name: first, args: argv.slice(1) }
}

function help(name: string | undefined): number {
  if (name === undefined) overview(out, { ...VERBS, completion: COMPLETION })
  else if (name === 'completion') verbHelp(out, name, COMPLETION)
  else if (isVerb(name)) verbHelp(out, name, VERBS[name] as unknown as Verb)
  else return unknownCommand(name)
  return 0
}

function unknownCommand(name: string): number {
  const near = nearest(name, [...Object.keys(VERBS), 'completion', 'help'])
  const hint = near === undefined ? '`rq --help` lists them' : `did you mean "${near}"?`
  complain(`no command "${name}": ${hint}`)
  return EXIT.usage
}

function completion(args: readonly string[]): number {
  const script = completionScript(args[0] ?? '')
  if (args.includes('--help') || args.includes('-h')) return help('completion')
  if (script === undefined) {
    complain('completion: say for which shell: bash, zsh or fish')
    return EXIT.usage
  }
  out.bytes(Buffer.from(script))
  return 0
}

async function run(name: VerbName, taken: Taken): Promise<number> {
  // What prints each item when it is done needs no bar between its lines.
  const progress = makeProgress(err.isTerminal && !(name === 'inject' && out.isTerminal))
  const isRaw = name === 'result' || taken.input['raw'] === true
  const plain = makeContext(taken, (event) => tell(event, progress, out, { isRaw, json: taken.json }), progress.isShown)
  // What is told in numbers is not kept by rows; how each run ended that was stopped is told by its row.
  const isCounted =
    taken.input['where'] !== undefined && !taken.json && RENDERERS[name] === renderDone && name !== 'kill'
  const context = isCounted ? { ...plain, mostRows: MOST_ROWS } : plain
  process.umask(0o077)
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => cancelled.abort(signal))
  try {
    const answer = await perform(name, context, taken.input)
    progress.stop()
    report(name, answer, taken)
    return answer.exit ?? (answer.problems.length > 0 ? troubleOf(name) : undefined) ?? exitOf(answer)
  } catch (error) {
    progress.stop()
    if (!(error instanceof QueueIoError)) throw error
    complain(refusalText(error))
    return troubleOf(name) ?? EXIT.failed
  }
}

function makeContext(taken: Taken, tellEvent: (event: ServiceEvent) => void, showsProgress = false): Context {
  return {
    root: resolveRoot(taken.root),
    now: Date.now,
    newId: idMaker(),
    tell: tellEvent,
    input: () => process.stdin,
    edit: async (path) => (await import('./rq-editor.ts')).runEditor(path),
    cancelled: cancelled.signal,
    showsProgress,
  }
}

interface Manner {
  readonly isRaw: boolean
  readonly json: boolean
}

function tell(event: ServiceEvent, progress: Progress, output: Output, { isRaw, json }: Manner): void {
  switch (event.kind) {
    case 'item':
      output.line(event.id)
      return
    case 'progress':
      progress.update(event.done, event.total)
      return
    case 'log':
      output.bytes(
        output.isTerminal && !isRaw ? Buffer.from(printableLog(Buffer.from(event.chunk).toString())) : event.chunk,
      )
      return
    case 'event':
      if (json) output.line(toJson(event.entry))
      else renderEvent(event.entry, output)
      return
    case 'note':
      progress.stop()
      complain(event.text)
  }
}

function report(name: VerbName, answer: Answer<unknown>, taken: Taken): void {
  if (answer.value !== undefined) {
    const screen = { out, err, now: Date.now(), input: taken.input, counts: answer.counts }
    if (!taken.json) RENDERERS[name](answer.value as never, screen)
    else if (name !== 'inject') for (const value of jsonLines(name, answer.value)) out.line(toJson(value))
  }
  for (const { text } of answer.problems) complain(text)
}

/** Of what is many things each has a line of its own; behind events stands where to go on. */
function jsonLines(name: VerbName, value: unknown): readonly unknown[] {
  if (name !== 'events' || !isRecord(value)) return [value].flat()
  const { events, ...rest } = value
  return [events, rest].flat()
}

const INTERRUPTED: Readonly<Record<string, number>> = { SIGINT: 130, SIGTERM: 143 }

/** The code of the problems if they are of one kind, else that of a failure; as shells say it, of an interruption. */
function exitOf(answer: Answer<unknown>): number {
  const interrupted = INTERRUPTED[String(cancelled.signal.reason)]
  if (interrupted !== undefined) return interrupted
  const kinds = new Set(answer.problems.map(({ kind }) => kind))
  if (answer.failed === true) kinds.add('failed')
  const [kind] = kinds
  if (kind === undefined) return 0
  return kinds.size === 1 ? EXIT[kind] : EXIT.failed
}

function packageVersion(): string {
  const { version } = JSON.parse(readFileSync(`${__dirname}/../package.json`, 'utf8')) as { version: string }
  return version
}

const argv = exactArguments(process.argv.slice(2), () => readFileSync('/proc/self/cmdline'))
main(argv).then(
  (code) => {
    process.exitCode = code
  },
  (error: unknown) => {
    complain(error instanceof Error ? (error.stack ?? error.message) : String(error))
    process.exitCode = EXIT.failed
  },
)
