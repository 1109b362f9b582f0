// The service in one long-lived process, as the http child uses it, bundled for the Node that runs the bench.
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'esbuild'

const SOURCE = join(import.meta.dirname, '..', '..', 'src')

const ENTRY = `
export { perform } from './service/registry.ts'
export { QueueMemory } from './service/queue-memory.ts'
`

/** Always of this checkout, whatever `--bin` says. Returns how a verb is asked, and what ends it. */
export async function loadService(ctx, root) {
  const outfile = join(ctx.tools.scratch, 'service.mjs')
  await build({
    stdin: { contents: ENTRY, resolveDir: SOURCE, loader: 'js' },
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    external: ['koffi'],
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url)" },
    logLevel: 'error',
  })
  const { perform, QueueMemory } = await import(pathToFileURL(outfile))
  const memory = new QueueMemory()
  const cancelled = new AbortController().signal
  const context = { root, now: Date.now, tell() {}, showsProgress: false, cancelled, mostRows: 1000 }
  return {
    async ask(verb, input, more = {}) {
      const { value, problems, counts } = await perform(verb, { ...context, ...more }, input)
      if (problems.length > 0) throw new Error(problems[0].text)
      return { value, counts }
    },
    memory,
  }
}
