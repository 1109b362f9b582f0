/** What a config.json is to become, and whether it may. */
import type { Changes } from '../config/change.ts'
import { type ConfigProblem, formatProblem, parseConfigText } from '../config/file.ts'
import { formatJson, isRecord } from '../domain/json.ts'
import type { ConfigFile } from '../fsqueue/config-file.ts'
import { type Problem, problem } from './answer.ts'
import type { Context } from './context.ts'

const LIMIT = 1024 * 1024

/** The whole file, or some keys of it. */
export type Wanted = { readonly whole: Buffer } | { readonly changes: Changes }

interface Given extends Changes {
  readonly file: string | undefined
  readonly text: string | undefined
}

export async function wantedOf(context: Context, { file, text, set, unset }: Given): Promise<Wanted | Problem> {
  const ways = [set.length + unset.length > 0, file !== undefined, text !== undefined].filter(Boolean).length
  if (ways !== 1)
    return problem('usage', 'say what to change: --set and --unset, or --text JSON, or on a command line --file -')
  if (text !== undefined) return { whole: Buffer.from(text) }
  if (file === undefined) return { changes: { set, unset } }
  if (file !== '-') return problem('usage', `--file takes only "-": give ${file} on stdin, <${file}`)
  return readInput(context)
}

async function readInput(context: Context): Promise<Wanted | Problem> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of context.input()) {
    const bytes = Buffer.from(chunk as Uint8Array)
    size += bytes.length
    if (size > LIMIT) return problem('failed', 'a config.json has at most 1 MiB')
    chunks.push(bytes)
  }
  return { whole: Buffer.concat(chunks) }
}

export interface Candidate {
  readonly bytes: Buffer
  readonly changed: readonly string[]
  /** Of some keys that are all as they were: the file keeps its form. */
  readonly isNothing: boolean
}

/** `path` is what the problems name. */
export async function candidateOf(
  root: string,
  path: string,
  before: ConfigFile,
  wanted: Wanted,
): Promise<Candidate | { readonly problems: readonly Problem[] }> {
  const { applyChanges, changedKeys } = await import('../config/change.ts')
  const old = before.kind === 'file' ? parseConfigText(path, before.bytes.toString()) : undefined
  const oldValue = old?.kind === 'json' ? old.value : {}
  if ('whole' in wanted) {
    const text = utf8(wanted.whole)
    if (text === undefined) return bad([{ file: path, key: '', problem: 'is not UTF-8', fix: 'save it as UTF-8' }])
    const parsed = parseConfigText(path, text)
    const problems = parsed.kind === 'bad' ? [parsed.problem] : await problemsOf(root, path, parsed.value)
    if (problems.length > 0 || parsed.kind === 'bad') return bad(problems)
    return { bytes: wanted.whole, changed: changedKeys(oldValue, parsed.value), isNothing: false }
  }
  if (old?.kind === 'bad')
    return bad([{ ...old.problem, fix: `${old.problem.fix}; or give the whole file (--file -)` }])
  if (!isRecord(oldValue)) return bad(await problemsOf(root, path, oldValue))
  const next = applyChanges(oldValue, wanted.changes)
  if (next.kind === 'bad') return bad([{ file: path, ...next.problem }])
  const problems = await problemsOf(root, path, next.settings)
  if (problems.length > 0) return bad(problems)
  const changed = changedKeys(oldValue, next.settings)
  const indent = /^[ \t]+(?=")/m.exec(before.kind === 'file' ? before.bytes.toString() : '')?.[0] ?? '  '
  const bytes = Buffer.from(`${formatJson(next.settings, indent)}\n`)
  if (bytes.length > LIMIT) return bad([{ file: path, key: '', problem: 'is larger than 1 MiB', fix: 'keep it small' }])
  return { bytes, changed, isNothing: changed.length === 0 }
}

/** What the worker would say of it. */
async function problemsOf(root: string, path: string, value: unknown): Promise<readonly ConfigProblem[]> {
  const { checkQueueConfig, loadRootConfig } = await import('../config/config.ts')
  const rootConfig = loadRootConfig(root)
  if (rootConfig.kind === 'bad') return rootConfig.problems
  const checked = checkQueueConfig(path, value, rootConfig.config)
  return checked.kind === 'bad' ? checked.problems : []
}

function bad(problems: readonly ConfigProblem[]): { readonly problems: readonly Problem[] } {
  return { problems: problems.map((found) => problem('failed', formatProblem(found))) }
}

function utf8(bytes: Uint8Array): string | undefined {
  const text = Buffer.from(bytes).toString()
  return Buffer.from(text).equals(bytes) ? text : undefined
}
