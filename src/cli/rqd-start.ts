/** `rqd start`: the daemon, here or in the background. */
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, constants, openSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { type FromWeb, WEB_ENV } from '../domain/web-protocol.ts'
import { fileSink, makeLog, prettySink, type Sink, stderrSink } from '../log/log.ts'
import { describeHolder, livingHolder } from '../os/holder.ts'
import { type DaemonEnd, prepareRoot, runDaemon } from '../supervisor/daemon.ts'
import { complain, EXIT, programDir, type RqdOptions, rootOf, say } from './rqd-common.ts'
import { webLinks } from './rqd-web.ts'

/** What the background daemon tells the command that started it. */
type Word =
  | { readonly type: 'ready'; readonly web: FromWeb | undefined }
  | { readonly type: 'failed'; readonly why: string }

export async function start(options: RqdOptions): Promise<number> {
  if (options.http !== undefined) process.env[WEB_ENV.listen] = options.http
  const path = rootOf(options)
  const prepared = prepareRoot(path)
  if (prepared.kind === 'refused') {
    failed(prepared.why)
    return EXIT.failed
  }
  if (prepared.kind === 'made') complain(`made a new root, ${path}`)
  return options.daemon === true
    ? startInBackground(prepared.root, options.log)
    : await startHere(prepared.root, await sinkFor(options), (web) => tellWeb(prepared.root, web, process.stderr.isTTY))
}

async function sinkFor(options: RqdOptions): Promise<Sink> {
  if (options.log !== undefined) return fileSink(resolve(options.log))
  return process.stderr.isTTY === true ? await prettySink() : stderrSink()
}

/** Runs the daemon in this process. */
export async function startHere(
  root: string,
  sink: Sink,
  onReady: (web: FromWeb | undefined) => void,
): Promise<number> {
  const log = makeLog(sink)
  process.chdir(root)
  const end = await runDaemon({
    root,
    workerProgram: join(programDir(), 'worker.cjs'),
    webProgram: process.env[WEB_ENV.listen] === 'off' ? undefined : join(programDir(), 'http.cjs'),
    emit: (event) => log.emit(event),
    onReady: (web) => {
      tellStarter({ type: 'ready', web })
      onReady(web)
    },
  })
  log.close()
  return exitCodeOf(root, end)
}

function exitCodeOf(root: string, end: DaemonEnd): number {
  switch (end.kind) {
    case 'stopped':
      return EXIT.ok
    case 'held':
      failed(`another daemon runs on ${root}: ${end.by}`)
      return EXIT.busy
    case 'refused':
      failed(end.why)
      return EXIT.failed
  }
}

function failed(why: string): void {
  if (process.connected === true) tellStarter({ type: 'failed', why })
  else complain(why)
}

function tellStarter(word: Word): void {
  if (process.connected !== true) return
  process.send?.(word, undefined, undefined, () => {
    if (process.connected === true) process.disconnect()
  })
}

/** Starts `rqd start` in a session of its own; returns when it is ready or has failed. */
async function startInBackground(root: string, log: string | undefined): Promise<number> {
  const holder = livingHolder(root)
  if (holder !== undefined) return exitCodeOf(root, { kind: 'held', by: describeHolder(root, holder) })
  const logPath = log === undefined ? join(root, 'rqd.log') : resolve(log)
  // What is no log line, a stack trace for one, goes there too.
  const fd = openSync(
    logPath,
    constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW,
    0o600,
  )
  const program = process.argv[1] ?? ''
  const child = spawn(process.execPath, [program, 'start', '--root', root, '--log', logPath], {
    cwd: root,
    detached: true,
    stdio: ['ignore', fd, fd, 'ipc'],
  })
  closeSync(fd)
  const answer = await firstWord(child)
  if (child.connected) child.disconnect()
  child.unref()
  if (answer.kind === 'ready') {
    say(`rqd runs on ${root}, pid ${child.pid}; its log is ${logPath}`)
    tellWeb(root, answer.web, true)
    return EXIT.ok
  }
  complain(answer.why ?? `the daemon ended at its start; ${logPath} says why`)
  return answer.code
}

/** On a terminal with the token in it, so that a click is enough; never into a log. */
function tellWeb(root: string, web: FromWeb | undefined, isPrivate: boolean): void {
  if (web?.type === 'refused') complain(`the web is not served: ${web.why}`)
  if (web?.type === 'listening' && isPrivate) say(webLinks(root, web.addresses))
}

type Answer =
  | { readonly kind: 'ready'; readonly web: FromWeb | undefined }
  | { readonly kind: 'ended'; readonly code: number; readonly why: string | undefined }

function firstWord(child: ChildProcess): Promise<Answer> {
  return new Promise((resolveAnswer, reject) => {
    let why: string | undefined
    child.on('message', (message) => {
      const word = message as Word
      if (word.type === 'ready') resolveAnswer({ kind: 'ready', web: word.web })
      else why = word.why
    })
    child.on('error', reject)
    child.on('exit', (code) => resolveAnswer({ kind: 'ended', code: code ?? EXIT.failed, why }))
  })
}
