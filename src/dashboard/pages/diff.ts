/** Two texts line by line: what stays, what goes, what comes. Pure. */

export interface DiffLine {
  readonly kind: 'same' | 'added' | 'removed'
  readonly line: string
}

export function diffOf(before: string, after: string): readonly DiffLine[] {
  const a = before.trimEnd().split('\n')
  const b = after.trimEnd().split('\n')
  const lengths = commonLengths(a, b)
  const lines: DiffLine[] = []
  let i = 0
  let j = 0
  while (i < a.length || j < b.length) {
    const [left, right] = [a[i], b[j]]
    if (left !== undefined && left === right) {
      lines.push({ kind: 'same', line: left })
      i += 1
      j += 1
    } else if (
      left !== undefined &&
      (right === undefined || lengthAt(lengths, i + 1, j) >= lengthAt(lengths, i, j + 1))
    ) {
      lines.push({ kind: 'removed', line: left })
      i += 1
    } else {
      lines.push({ kind: 'added', line: right ?? '' })
      j += 1
    }
  }
  return lines
}

/** Of what follows each pair of places, how many lines they have in common. */
function commonLengths(a: readonly string[], b: readonly string[]): number[][] {
  const lengths = Array.from({ length: a.length + 1 }, () => new Array<number>(b.length + 1).fill(0))
  for (let i = a.length - 1; i >= 0; i -= 1) {
    const row = lengths[i] ?? []
    for (let j = b.length - 1; j >= 0; j -= 1)
      row[j] =
        a[i] === b[j]
          ? lengthAt(lengths, i + 1, j + 1) + 1
          : Math.max(lengthAt(lengths, i + 1, j), lengthAt(lengths, i, j + 1))
  }
  return lengths
}

function lengthAt(lengths: readonly (readonly number[])[], i: number, j: number): number {
  return lengths[i]?.[j] ?? 0
}
