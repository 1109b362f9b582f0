/** Quoting for the file that a slot sources: one function, fuzzed against the real shell. */

/** Linux gives one string of an argument list or environment at most this much (execve(2), MAX_ARG_STRLEN). */
export const MAX_VALUE_BYTES = 128 * 1024 - 1

/**
 * A word that /bin/sh reads back as exactly these bytes (latin1 text, no NUL). Newlines are written as the
 * slot's variable `nl`, so that a value never spans lines and cannot imitate one of ours.
 */
export function quote(bytes: string): string {
  // Most values need no more than this, and there are two dozen for each run.
  if (!/['\n]/.test(bytes)) return `'${bytes}'`
  return `'${bytes.replaceAll("'", "'\\''").replaceAll('\n', `'"$nl"'`)}'`
}

/** Why a value cannot be given to a program, or undefined. */
export function unfitValue(bytes: string): string | undefined {
  if (bytes.includes('\0')) return 'holds a NUL character, which no environment can'
  return bytes.length > MAX_VALUE_BYTES ? `is longer than ${MAX_VALUE_BYTES} bytes: use an attachment` : undefined
}
