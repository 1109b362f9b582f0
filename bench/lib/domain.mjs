// The pure decisions of src/domain, bundled for the Node that runs the bench.
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'esbuild'

const SOURCE = join(import.meta.dirname, '..', '..', 'src')

const ENTRY = `
export { FlowState, lineOf } from './domain/flow.ts'
export { entryOf } from './domain/entry.ts'
export { Schedule } from './domain/schedule.ts'
export { DEFAULT_SETTLE_POLICY } from './domain/policy.ts'
export { DEFAULT_RETRY, retryPolicy } from './domain/retry.ts'
export { attemptRecord } from './domain/record.ts'
export { decide, judge } from './domain/settle.ts'
`

/** Always of this checkout, whatever `--bin` says: what is decided has no program of its own. */
export async function loadDomain(ctx) {
  const outfile = join(ctx.tools.scratch, 'domain.mjs')
  await build({
    stdin: { contents: ENTRY, resolveDir: SOURCE, loader: 'ts' },
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'warning',
  })
  return import(pathToFileURL(outfile))
}
