// An earlier commit of this repository, built beside: what came since is measured by what it was.
import { execFileSync } from 'node:child_process'
import { mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '..', '..')

/** Its `bin`, for a daemon. It gets the packages of this checkout, which must hold all that it needs. */
export function buildEarlier(ctx, commit) {
  const dir = join(ctx.tools.scratch, `at-${commit}`)
  mkdirSync(dir)
  const tar = execFileSync('git', ['-C', ROOT, 'archive', '--format=tar', commit], { maxBuffer: 1 << 30 })
  execFileSync('tar', ['-x', '-C', dir], { input: tar })
  symlinkSync(join(ROOT, 'node_modules'), join(dir, 'node_modules'))
  execFileSync(process.execPath, ['build.mjs'], { cwd: dir, stdio: 'ignore' })
  return join(dir, 'bin')
}
