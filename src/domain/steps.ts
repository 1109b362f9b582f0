/** Long work in short steps: whoever carries it out decides what comes between two of them. Pure. */

/** Each step is done in moments; the last one answers. */
export type Steps<R> = Generator<undefined, R, void>

/** All at once, where nobody waits for anything else. */
export function finish<R>(steps: Steps<R>): R {
  for (;;) {
    const step = steps.next()
    if (step.done === true) return step.value
  }
}

/** Of so many the sort of an engine takes a millisecond or two. */
const RUN = 2_048

/** Sorted, of any number, in steps: runs of some thousand, then merged two by two. What is equal keeps its order. */
export function* sorting<T>(items: readonly T[], compare: (a: T, b: T) => number): Steps<T[]> {
  let runs: T[][] = []
  for (let from = 0; from < items.length; from += RUN) {
    runs.push(items.slice(from, from + RUN).sort(compare))
    yield
  }
  while (runs.length > 1) {
    const merged: T[][] = []
    for (let n = 0; n < runs.length; n += 2) merged.push(yield* merging(runs[n] ?? [], runs[n + 1] ?? [], compare))
    runs = merged
  }
  return runs[0] ?? []
}

function* merging<T>(a: readonly T[], b: readonly T[], compare: (a: T, b: T) => number): Steps<T[]> {
  const merged: T[] = []
  const others = b[Symbol.iterator]()
  let other = others.next()
  for (const one of a) {
    for (; other.done !== true && compare(other.value, one) < 0; other = others.next()) {
      merged.push(other.value)
      if (merged.length % RUN === 0) yield
    }
    merged.push(one)
    if (merged.length % RUN === 0) yield
  }
  for (; other.done !== true; other = others.next()) {
    merged.push(other.value)
    if (merged.length % RUN === 0) yield
  }
  return merged
}
