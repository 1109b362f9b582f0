// Bundles each program into one file: a bare `rq ls` then costs one module load instead of a hundred.
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'

// Built beside dist/ and renamed into it, file by file: a daemon that forks a worker meanwhile finds a whole program.
mkdirSync('dist', { recursive: true })
const fresh = mkdtempSync('dist/.new-')
try {
  await build({
    entryPoints: {
      rq: 'src/cli/rq.ts',
      rqd: 'src/cli/rqd.ts',
      worker: 'src/worker/main.ts',
      alert: 'src/scripts/alert.ts',
    },
    outdir: fresh,
    outExtension: { '.js': '.cjs' },
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    // Heavy or native packages stay outside and are imported only by the command that needs them.
    external: ['chokidar', 'koffi', 'pino-pretty', 'proper-lockfile', 'cli-progress', 'cronstrue', 'tar-stream'],
    legalComments: 'none',
    logLevel: 'warning',
  })
  for (const name of readdirSync(fresh)) renameSync(join(fresh, name), join('dist', name))
} finally {
  rmSync(fresh, { recursive: true, force: true })
}
