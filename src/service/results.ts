/** What became of many items: told one by one, or of very many in numbers, and never before it is on the disk. */
import { type Answer, type Counts, isProblem, type Problem, problem } from './answer.ts'
import type { Context } from './context.ts'
import { SyncGroup } from './sync-group.ts'

/** Of many refusals of one kind, so many are told. */
const TOLD = 10

export class Results<V extends object> {
  readonly context: Context
  readonly #value: V[] = []
  readonly #problems: Problem[] = []
  readonly #tally = new Map<string, Map<string, number>>()
  readonly #group = new SyncGroup()
  #matched = 0
  #refused = 0
  /** Done, and not yet known to be on the disk. */
  #pending: { name: string; value: V }[] = []

  constructor(context: Context) {
    this.context = { ...context, group: this.#group }
  }

  refused(problem: Problem): void {
    this.#matched += 1
    this.#refused += 1
    // A million of them are told by the first few, and are not worth the memory.
    if (this.#problems.length < (this.context.mostRows ?? Number.POSITIVE_INFINITY)) this.#problems.push(problem)
  }

  async add(name: string, result: V | Problem): Promise<void> {
    if (isProblem(result)) this.refused(result)
    else this.#pending.push({ name, value: result })
    if (this.#group.isFull) await this.#settle()
  }

  #done(value: V): void {
    if ('did' in value && 'queue' in value) this.count(String(value.queue), String(value.did), () => value)
    else if (this.#hasRoom) this.#value.push(value)
  }

  /** Nothing of it is to be put on the disk; `row` is asked for only while there is room. */
  count(queue: string, did: string, row: () => V): void {
    this.#matched += 1
    const kinds = this.#tally.get(queue) ?? new Map<string, number>()
    this.#tally.set(queue, kinds.set(did, (kinds.get(did) ?? 0) + 1))
    if (this.#hasRoom) this.#value.push(row())
  }

  get #hasRoom(): boolean {
    return this.#value.length < (this.context.mostRows ?? Number.POSITIVE_INFINITY)
  }

  async answer(): Promise<Answer<readonly V[]>> {
    await this.#settle()
    return { value: this.#value, problems: this.#problems, counts: this.#counts() }
  }

  /** The same; a thousand refusals are told by the first few. */
  async summed(): Promise<Answer<readonly V[]>> {
    const answer = await this.answer()
    const unsaid = this.#refused - this.#problems.length
    return { ...answer, problems: summed(answer.problems, unsaid) }
  }

  #counts(): Counts {
    const did = [...this.#tally].flatMap(([queue, kinds]) => [...kinds].map(([did, count]) => ({ queue, did, count })))
    return { matched: this.#matched, did, refused: this.#refused }
  }

  async #settle(): Promise<void> {
    const pending = this.#pending
    this.#pending = []
    const failure = await this.#group.flush()
    for (const { name, value } of pending) {
      if (failure === undefined) this.#done(value)
      else this.refused(problem('unknown-outcome', `${name} was moved, but this may not be on the disk: ${failure}`))
    }
  }
}

/** `unsaid`: refusals that were only counted. */
export function summed(problems: readonly Problem[], unsaid = 0): Problem[] {
  const kinds = [...new Set(problems.map(({ kind }) => kind))]
  return kinds.flatMap((kind, n) => {
    const all = problems.filter((one) => one.kind === kind)
    const count = all.length + (n === 0 ? unsaid : 0)
    return count <= TOLD ? all : [...all.slice(0, TOLD), problem(kind, `and ${count - TOLD} more`)]
  })
}
