/** One queue's process: `worker.cjs QUEUE-PATH`, forked by the supervisor (domain/worker-protocol.ts). */
import { basename } from 'node:path'
import { defaultQueueConfig } from '../config/config.ts'
import { type FromWorker, RESTART_FLAG, type ToWorker, WORKER_ENV, WORKER_EXIT } from '../domain/worker-protocol.ts'
import { ensureQueue } from '../fsqueue/layout.ts'
import { idMaker } from '../fsqueue/new-id.ts'
import { inQueue, makeDir, queueDir } from '../fsqueue/place.ts'
import { fileSink, gatheringSink, makeLog, stderrSink } from '../log/log.ts'
import { errnoOf } from '../os/errno.ts'
import { tryLock } from '../os/lock.ts'
import { load } from './admin.ts'
import { ControlFiles } from './control-files.ts'
import { forgetRestart, restartIfAsked } from './restart.ts'
import { shutDown } from './shutdown.ts'
import { StatusFile } from './status.ts'
import { Worker } from './worker.ts'

process.umask(0o077)
// The supervisor's terminal signals its whole group; what we do is told over the channel.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR2'] as const) process.on(signal, () => undefined)

function main(path: string): void {
  process.chdir(path)
  const root = process.env[WORKER_ENV.root] ?? '../..'
  const loaded = load(root)
  const config = loaded.config ?? defaultQueueConfig()
  const queue = queueDir('', config.dirs)
  // Of a configuration that cannot be used nothing is known, not even what its directories are called.
  if (loaded.config === undefined) makeDir(inQueue(queue, '_tmp'))
  else ensureQueue(queue, config.shared)
  // Held until we die.
  if (tryLock('_lock') === undefined) process.exit(WORKER_EXIT.later)

  const log = makeLog(gatheringSink(fileSink('_log')))
  const worker = new Worker({
    root,
    queueName: basename(path),
    queue,
    config,
    rootConfig: loaded.root,
    rootPaused: process.env[WORKER_ENV.rootPaused] === '1',
    carefulUntil: Number(process.env[WORKER_ENV.carefulUntil] ?? 0),
    newId: idMaker(),
    emit: (event) => log.emit(event),
    tell,
    pool: process.env[WORKER_ENV.pool],
    onOtherDirs: () => void shutDown(worker, 'detach').then(() => process.exit(WORKER_EXIT.later)),
  })
  if (loaded.problem !== undefined) worker.configuration.refuse(loaded.problem)

  connect(worker)
  worker.start()
  const status = new StatusFile(worker)
  worker.onChange = () => status.touch()
  status.write()
  tell({ type: 'ready' })
}

/** To the supervisor, and to what people change beside the states. */
function connect(worker: Worker): void {
  process.on('message', (message: ToWorker) => obey(worker, message))
  // The supervisor is gone: what runs runs on, and is adopted by the next worker.
  process.on('disconnect', () => void shutDown(worker, 'detach').then(() => process.exit(WORKER_EXIT.asked)))
  const files = new ControlFiles(
    (name) => (name === RESTART_FLAG ? restartIfAsked(worker) : worker.adminChanged(name)),
    (error) => worker.trouble(error),
  )
  files.watch()
  forgetRestart(worker)
}

function obey(worker: Worker, message: ToWorker): void {
  switch (message.type) {
    case 'reload':
      worker.reload()
      return
    case 'root-paused':
      worker.rootPaused = message.paused
      worker.pump()
      return
    case 'permits':
      worker.permits.granted(message)
      return
    case 'stop':
      // On its way out for a new one it is not let go without.
      if (message.mode === 'retire' && (!worker.isIdle || worker.stopping !== undefined)) {
        tell({ type: 'busy' })
        return
      }
      void shutDown(worker, message.mode).then(() => process.exit(WORKER_EXIT.asked))
  }
}

function tell(message: FromWorker): void {
  // The channel may be gone; 'disconnect' says so.
  if (process.connected === true) process.send?.(message, undefined, undefined, () => undefined)
}

/** What the system refuses now it may grant later: leave, in words, to be started again with growing delay. */
function begin(path: string): void {
  try {
    main(path)
  } catch (error) {
    if (errnoOf(error) === undefined || !(error instanceof Error)) throw error
    makeLog(stderrSink()).emit({
      kind: 'trouble',
      what: `the worker of ${basename(path)} cannot start: ${error.message}`,
    })
    process.exit(WORKER_EXIT.later)
  }
}

begin(process.argv[2] ?? '.')
