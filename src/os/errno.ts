/** Errors that Node 20 has no name for: "Unknown system error -122". */
const UNNAMED: Readonly<Record<number, string>> = { [-122]: 'EDQUOT', [-117]: 'EUCLEAN', [-116]: 'ESTALE' }

/** The errno name of a system error, `ENOENT`; undefined for anything else that was thrown. */
export function errnoOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return undefined
  if (!error.code.startsWith('Unknown system error') || !('errno' in error)) return error.code
  return UNNAMED[Number(error.errno)] ?? error.code
}
