/** Lines that a handler writes to fd 3 (ancestor: RQ, "queue script protocol"). */

export type StatusLine =
  | { readonly kind: 'run'; readonly text: string; readonly percent: number | undefined }
  | { readonly kind: 'done'; readonly text: string }
  | { readonly kind: 'fail'; readonly text: string }
  | { readonly kind: 'resend'; readonly seconds: number; readonly text: string }
  | { readonly kind: 'relay'; readonly dest: string }
  | { readonly kind: 'relayed'; readonly url: string }
  | { readonly kind: 'dup'; readonly seconds: number; readonly dest: string; readonly params: string }
  | { readonly kind: 'unknown'; readonly text: string }

/** Only whole lines count; a last line without its newline is still being written. */
export function parseStatusLines(text: string): StatusLine[] {
  const lines = text.split('\n')
  lines.pop()
  return lines.filter((line) => line.trim() !== '').map(parseStatusLine)
}

export function parseStatusLine(line: string): StatusLine {
  // \s also takes the \r of a handler that ends its lines as other systems do: its verdict must not be lost.
  const [word = ''] = line.split(/\s/, 1)
  const rest = line.slice(word.length).trim()
  switch (word) {
    case 'run': {
      const percent = /^(\d{1,3})%(?:\s+|$)/.exec(rest)
      if (percent === null || Number(percent[1]) > 100) return { kind: 'run', text: rest, percent: undefined }
      return { kind: 'run', text: rest.slice(percent[0].length), percent: Number(percent[1]) }
    }
    case 'done':
      return { kind: 'done', text: rest }
    case 'fail':
    case 'fails':
    case 'err':
      return { kind: 'fail', text: rest }
    case 'resend': {
      const resend = /^(\d{1,9})(?:-(.*))?$/.exec(rest)
      // It asked not to be done yet; taking it for progress would make it done.
      if (resend === null) return { kind: 'fail', text: `cannot read its line: ${line}` }
      return { kind: 'resend', seconds: Number(resend[1]), text: resend[2] ?? '' }
    }
    case 'relay':
      // Without a destination it means the configured one, as exit 99 does.
      return { kind: 'relay', dest: rest }
    case 'relayed':
      return { kind: 'relayed', url: rest }
    case 'dup': {
      // SECONDS-X-DEST: X is RQ's free field (parameters there); a queue's name may hold dashes.
      const dup = /^(\d{1,9})-([^-]*)-(.+)$/.exec(rest)
      if (dup === null) return { kind: 'unknown', text: line }
      return { kind: 'dup', seconds: Number(dup[1]), params: dup[2] ?? '', dest: dup[3] ?? '' }
    }
    default:
      return { kind: 'unknown', text: line }
  }
}

export type VerdictLine = Extract<StatusLine, { kind: 'done' | 'fail' | 'resend' | 'relay' | 'relayed' }>

/** The first verdict wins; what a handler says after it is progress at best. */
export function firstVerdict(lines: readonly StatusLine[]): VerdictLine | undefined {
  return lines.find(
    (line): line is VerdictLine => line.kind !== 'run' && line.kind !== 'dup' && line.kind !== 'unknown',
  )
}

/** The latest progress a handler told, for people who look while it runs. */
export function lastProgress(lines: readonly StatusLine[]): { text: string; percent: number | undefined } | undefined {
  return lines.findLast((line): line is Extract<StatusLine, { kind: 'run' }> => line.kind === 'run')
}
