// Bundles each program into one file: a bare `rq ls` then costs one module load instead of a hundred.
import { cpSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { build } from 'esbuild'
import { build as buildPages } from 'vite'

// Built beside dist/ and renamed into it, file by file: a daemon that forks a worker meanwhile finds a whole program.
mkdirSync('dist', { recursive: true })
const fresh = mkdtempSync('dist/.new-')
try {
  await build({
    entryPoints: {
      rq: 'src/cli/rq.ts',
      rqd: 'src/cli/rqd.ts',
      worker: 'src/worker/main.ts',
      http: 'src/http/main.ts',
      alert: 'src/scripts/alert.ts',
    },
    outdir: fresh,
    outExtension: { '.js': '.cjs' },
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    // Heavy or native packages stay outside and are imported only by the command that needs them.
    external: [
      ...['chokidar', 'koffi', 'pino-pretty', 'proper-lockfile', 'cli-progress', 'cronstrue', 'tar-stream'],
      ...['fastify', '@fastify/*', '@valibot/to-json-schema'],
    ],
    legalComments: 'none',
    logLevel: 'warning',
  })
  await buildPages({ configFile: 'vite.config.ts', build: { outDir: resolve(fresh, 'web') } })
  // A server that runs serves its old pages from its memory, and the assets that they name from here.
  cpSync(join(fresh, 'web'), 'dist/web', { recursive: true })
  rmSync(join(fresh, 'web'), { recursive: true })
  cpSync('docs/openapi.json', join(fresh, 'openapi.json'))
  for (const name of readdirSync(fresh)) renameSync(join(fresh, name), join('dist', name))
} finally {
  rmSync(fresh, { recursive: true, force: true })
}
