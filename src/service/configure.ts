/** `rq configure`: another config.json for a queue, checked before it is written, by whatever its worker checks it with. */
import { queuePath } from '../config/root.ts'
import { type ConfigFile, readConfigBytes, replaceConfig } from '../fsqueue/config-file.ts'
import { QueueIoError } from '../fsqueue/errors.ts'
import { inQueue, makeDir, requireDir } from '../fsqueue/place.ts'
import { loadNative } from '../os/native.ts'
import { type Answer, isProblem, ok, type Problem, problem, refuse } from './answer.ts'
import { configVersion } from './config-version.ts'
import { type Candidate, candidateOf, type Wanted, wantedOf } from './configure-candidate.ts'
import type { Context } from './context.ts'
import { openQueue, type Queue } from './spool.ts'
import { defineVerb } from './verb.ts'
import { withLock } from './with-lock.ts'

/** Of the lock, 50 ms apart; it is held for some milliseconds. */
const PATIENCE = 200
/** Somebody with an editor may be faster so many times. */
const RACES = 10

export interface Configured {
  readonly queue: string
  readonly path: string
  /** Of the file as it is now; null: there is none. Of a dry run: as it would be. */
  readonly version: string | null
  /** Keys whose values differ, such as `retry.limit`. */
  readonly changed: readonly string[]
  readonly written: boolean
}

export const configure = defineVerb({
  summary: 'change the configuration of a queue, checked before it is written',
  details:
    'A VALUE is JSON, or a bare text where it is none: slots=4, handler=./run, \'env.LEVEL="1"\'. A KEY is names with dots ' +
    'between them (`rq config QUEUE` lists all); a dot of a name’s own is written "\\.". What is wrong is said, and nothing ' +
    'is written. The file before stays as config.json~. The worker reads the new one at once.',
  arguments: { queue: { type: 'queue', summary: 'a queue' } },
  options: {
    set: { type: 'pair', summary: 'give a key a value', value: 'KEY=VALUE', many: true },
    unset: { type: 'text', summary: 'take a key out', value: 'KEY', many: true },
    file: { type: 'text', summary: '-: the whole file is what comes on stdin', value: '-', words: ['-'] },
    text: { type: 'text', summary: 'the whole file is this', value: 'JSON' },
    'if-version': {
      type: 'text',
      summary: 'only if the file is still this one (`rq config --json`; none: there is no file)',
      value: 'VERSION',
    },
    'dry-run': { type: 'flag', summary: 'check it and say what would change; write nothing' },
  },
  examples: [
    { command: 'rq configure mail --set slots=4 --set retry.limit=5', says: 'two keys; the others stay as they are' },
    { command: 'rq configure mail --unset retry.limit', says: 'back to the root’s value, or the default' },
    { command: 'rq configure mail --file - --dry-run <new.json', says: 'is it right, and what would change?' },
  ],
  run: async (context, input): Promise<Answer<Configured>> => {
    const queue = await openQueue(context.root, input.queue)
    if ('kind' in queue) return { value: undefined, problems: [queue] }
    const wanted = await wantedOf(context, input)
    if (isProblem(wanted)) return { value: undefined, problems: [wanted] }
    const wish: Wish = { context, queue, wanted, ifVersion: input['if-version'], dryRun: input['dry-run'] }
    if (wish.dryRun) return change(wish)
    const tmp = inQueue(queue.dir, '_tmp')
    makeDir(tmp)
    requireDir(tmp)
    const answer = await withLock(inQueue(queue.dir, '_tmp/config.lock'), PATIENCE, () => change(wish))
    return answer === 'busy' ? refuse('busy', `the configuration of ${queue.name} is being changed by others`) : answer
  },
})

interface Wish {
  readonly context: Context
  readonly queue: Queue
  readonly wanted: Wanted
  readonly ifVersion: string | undefined
  readonly dryRun: boolean
}

async function change(wish: Wish): Promise<Answer<Configured>> {
  for (let race = 0; race < RACES; race += 1) {
    const answer = await changeOnce(wish)
    if (answer !== 'raced') return answer
  }
  return refuse('busy', `the config.json of ${wish.queue.name} changes all the time`)
}

/** From one reading of the file to another file, or to nothing: `raced`, it was changed in between. */
async function changeOnce(wish: Wish): Promise<Answer<Configured> | 'raced'> {
  const { context, queue, wanted, ifVersion, dryRun } = wish
  const path = `${queuePath(context.root, queue.name)}/config.json`
  const before = readConfigBytes(queue.dir)
  if (before.kind === 'refused')
    return refuse('failed', `${path} ${before.why}, and is not changed: put the file itself there`)
  const version = await configVersion(before)
  if (ifVersion !== undefined && ifVersion !== (version ?? 'none'))
    return refuse('busy', `${path} is not that version any more: it is ${version ?? 'none'}`)
  const candidate = await candidateOf(context.root, path, before, wanted)
  if ('problems' in candidate) return { value: undefined, problems: candidate.problems }
  const isSame = before.kind === 'file' && before.bytes.equals(candidate.bytes)
  const about = { queue: queue.name, path, changed: candidate.changed }
  if (isSame || candidate.isNothing) return ok({ ...about, version, written: false })
  const fresh = await configVersion({ kind: 'file', bytes: candidate.bytes })
  if (dryRun) return ok({ ...about, version: fresh, written: false })
  const trouble = await write(wish, before, candidate)
  if (trouble === 'raced') return 'raced'
  return trouble === undefined
    ? ok({ ...about, version: fresh, written: true })
    : { value: undefined, problems: [trouble] }
}

async function write(
  { context, queue }: Wish,
  before: ConfigFile,
  { bytes }: Candidate,
): Promise<Problem | 'raced' | undefined> {
  try {
    const replacing = await replaceConfig(queue.dir, before, bytes, context.newId().slice(0, 29), await loadNative())
    switch (replacing.kind) {
      case 'replaced':
        return undefined
      case 'changed':
        return 'raced'
      case 'unsure':
        return problem(
          'unknown-outcome',
          `the new config.json is there, but may not be on the disk: ${replacing.error.message}`,
        )
    }
  } catch (error) {
    if (!(error instanceof QueueIoError) || error.operation !== 'chown') throw error
    return problem(
      'failed',
      'config.json belongs to another user, who could not read what you write: do it as that user',
    )
  }
}
