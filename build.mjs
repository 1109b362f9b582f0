// Bundles each program into one file: a bare `rq ls` then costs one module load instead of a hundred.
import { rmSync } from 'node:fs'
import { build } from 'esbuild'

rmSync('dist', { recursive: true, force: true })
await build({
  entryPoints: { rq: 'src/cli/rq.ts', rqd: 'src/cli/rqd.ts', worker: 'src/worker/main.ts' },
  outdir: 'dist',
  outExtension: { '.js': '.cjs' },
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node20',
  // Heavy or native packages stay outside and are imported only by the command that needs them.
  external: ['chokidar', 'execa', 'koffi', 'pino', 'pino-pretty', 'proper-lockfile', 'cli-progress', 'cli-table3'],
  legalComments: 'none',
  logLevel: 'warning',
})
