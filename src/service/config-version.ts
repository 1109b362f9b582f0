/** The version of a config.json: two readings with the same one are the same file. */
import type { ConfigFile } from '../fsqueue/config-file.ts'

type Version = Exclude<ConfigFile, { kind: 'file' }> | { readonly kind: 'file'; readonly bytes: Uint8Array }

/** 16 hexadecimal digits of the SHA-256 of its bytes; null without a file. */
export async function configVersion(file: Version): Promise<string | null> {
  if (file.kind !== 'file') return null
  const { createHash } = await import('node:crypto')
  return createHash('sha256').update(file.bytes).digest('hex').slice(0, 16)
}
