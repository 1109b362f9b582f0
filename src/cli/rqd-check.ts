/** `rqd check`: everything that can be said about configuration and directories without starting anything. */
import { accessSync, constants, realpathSync, type Stats, statSync } from 'node:fs'
import { isAbsolute, join, resolve } from 'node:path'
import {
  type ConfigProblem,
  formatProblem,
  loadQueueConfig,
  loadRootConfig,
  type RootConfig,
} from '../config/config.ts'
import { loadForm } from '../config/form.ts'
import { nearest } from '../config/near.ts'
import { HOOKS } from '../domain/hooks.ts'
import { poolsWithout } from '../domain/permits.ts'
import type { QueueConfig } from '../domain/policy.ts'
import { queueProblems, rootFormat } from '../fsqueue/layout.ts'
import { queueDir } from '../fsqueue/place.ts'
import { errnoOf } from '../os/errno.ts'
import { distrust } from '../os/trust.ts'
import { findUser } from '../os/users.ts'
import { type FoundQueue, listQueues } from '../supervisor/queues.ts'
import { colours, EXIT, type RqdOptions, rootOf, say, sayJson } from './rqd-common.ts'

export async function check(options: RqdOptions): Promise<number> {
  const root = rootOf(options)
  const { problems, queues } = checkRoot(root)
  if (options.json === true) {
    sayJson({ root, queues, problems })
  } else {
    const colour = await colours()
    for (const problem of problems) say(colour.red(formatProblem(problem)))
    if (problems.length === 0) say(colour.green(`${root}: ${queues} queue${queues === 1 ? '' : 's'}, nothing wrong`))
  }
  return problems.length === 0 ? EXIT.ok : EXIT.failed
}

function checkRoot(root: string): { problems: readonly ConfigProblem[]; queues: number } {
  const format = rootFormat(root)
  if (format.kind === 'newer') {
    const problem = `format ${format.version} was made by a newer rqd`
    return { problems: [{ file: join(root, '_format'), key: '', problem, fix: 'upgrade rqd' }], queues: 0 }
  }
  if (format.kind === 'absent') {
    const fix = '`rqd start` makes one; or set --root or $RQ_ROOT'
    return { problems: [{ file: root, key: '', problem: 'is no root of rqd', fix }], queues: 0 }
  }
  const loaded = loadRootConfig(root)
  const { queues, ignored } = listQueues(root)
  const strangers = ignored.map(({ name, why }) => {
    return { file: join(root, 'queue', name), key: '', problem: why, fix: 'move it away; queue/ holds queues only' }
  })
  const config = loaded.kind === 'ok' ? loaded.config : undefined
  const names = queues.map((queue) => queue.name)
  const perQueue = queues.flatMap((queue) => checkQueue(queue, names, config))
  return {
    problems: [
      ...(loaded.kind === 'bad' ? loaded.problems : []),
      ...strangers,
      ...perQueue,
      ...idlePools(root, names, config),
    ],
    queues: queues.length,
  }
}

function idlePools(root: string, names: readonly string[], config: RootConfig | undefined): ConfigProblem[] {
  return poolsWithout(config?.pools ?? [], names).map(({ name }) => ({
    file: join(root, 'config.json'),
    key: 'pools',
    problem: `no queue belongs to the pool "${name}"`,
    fix: 'correct its queues; a queue belongs to the first pool that takes it',
  }))
}

function checkQueue(queue: FoundQueue, names: readonly string[], root: RootConfig | undefined): ConfigProblem[] {
  const loaded = loadQueueConfig(queue.path, root)
  const form = loadForm(queue.path)
  const forms = form.kind === 'bad' ? form.problems : []
  if (loaded.kind === 'bad') return [...loaded.problems, ...forms]
  const { config } = loaded
  const directories = queueProblems(queueDir(queue.path, config.dirs)).map((problem) => {
    return { file: queue.path, key: '', problem, fix: '' }
  })
  const programs = [...handlerProblems(queue, config), ...hookProblems(queue, config)]
  return [...forms, ...directories, ...programs, ...relayProblems(queue, config, names)]
}

function handlerProblems(queue: FoundQueue, config: QueueConfig): ConfigProblem[] {
  const [program = ''] = config.handler
  // Without a slash it is looked for in PATH, when it is run.
  if (!program.includes('/')) return []
  const file = isAbsolute(program) ? program : resolve(queue.path, program)
  const say = (problem: string, fix: string) => [{ file, key: '', problem, fix }]
  const stat = statOf(file)
  if (stat === undefined) return say('there is no handler', 'put an executable there, or name one: {"handler": …}')
  return programProblems('the handler', file, stat, config)
}

function hookProblems(queue: FoundQueue, config: QueueConfig): ConfigProblem[] {
  return HOOKS.flatMap((hook) => {
    const file = join(queue.path, 'hooks', hook)
    const stat = statOf(file)
    return stat === undefined ? [] : programProblems('the hook', file, stat, config)
  })
}

function programProblems(what: string, file: string, stat: Stats, { runAs }: QueueConfig): ConfigProblem[] {
  const say = (problem: string, fix: string) => [{ file, key: '', problem, fix }]
  if (!stat.isFile()) return say(`${what} is no file`, 'put an executable file there')
  if (!isExecutable(file)) return say(`${what} may not be executed`, `chmod +x ${file}`)
  const uid = runAs.user === undefined ? undefined : findUser(runAs.user)?.uid
  const distrusted = distrust(realpathSync(file), stat, uid)
  return distrusted === undefined ? [] : say(distrusted, 'root runs it, so only root may change it')
}

function relayProblems(queue: FoundQueue, config: QueueConfig, names: readonly string[]): ConfigProblem[] {
  const to = config.policy.relayTo
  if (to === undefined || to.includes('/') || names.includes(to)) return []
  const near = nearest(to, names)
  const fix = near === undefined ? `rq create ${to}` : `did you mean "${near}"?`
  return [{ file: join(queue.path, 'config.json'), key: 'relay_to', problem: `there is no queue "${to}"`, fix }]
}

function statOf(path: string): Stats | undefined {
  try {
    return statSync(path)
  } catch (error) {
    if (errnoOf(error) === undefined) throw error
    return undefined
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch (error) {
    if (errnoOf(error) === undefined) throw error
    return false
  }
}
