/** The benchmark still runs: its rows take parts of `src/` by name, and nobody runs them every day. */
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, statfsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { skipLoudly } from '../faults/mount.ts'
import { tempRoot } from '../helpers/daemon.ts'
import { runProgram } from '../helpers/rq.ts'

const BENCH = fileURLToPath(new URL('../../bench', import.meta.url))
const TMPFS_MAGIC = 0x01021994

function whyNot(): string | undefined {
  if (spawnSync('gcc', ['--version']).status !== 0) return 'there is no gcc'
  return statfsSync('/dev/shm').type === TMPFS_MAGIC ? undefined : '/dev/shm is no tmpfs'
}

it('every name that the rows take from the decisions is there', async () => {
  const script = `
    import { loadDomain } from ${JSON.stringify(join(BENCH, 'lib/domain.mjs'))}
    const domain = await loadDomain({ tools: { scratch: process.argv[1] } })
    console.log(JSON.stringify(Object.keys(domain).filter((name) => domain[name] !== undefined)))`
  const said = await runProgram(process.execPath, ['--input-type=module', '-e', script, tempRoot()], { cwd: BENCH })
  expect(said, said.stderr).toMatchObject({ code: 0 })
  expect(JSON.parse(said.stdout)).toEqual(expect.arrayContaining(namesExported()))
})

/** What the bundle is asked for; none that no row speaks of. */
function namesExported(): string[] {
  const lines = [...readFileSync(join(BENCH, 'lib/domain.mjs'), 'utf8').matchAll(/^export \{ (.+) \} from/gm)]
  const names = lines.flatMap(([, list = '']) => list.split(', '))
  const rows = readdirSync(join(BENCH, 'rows')).map((file) => readFileSync(join(BENCH, 'rows', file), 'utf8'))
  expect(names.filter((name) => !rows.some((row) => row.includes(name)))).toEqual([])
  return names
}

describe.skipIf(skipLoudly('rows of the benchmark', whyNot()))('the benchmark', () => {
  it.each(['settle', 'pick'])('measures %s, and ends with 0', async (group) => {
    const options = ['--quick', '--rounds', '1', '--pending', '2000', '--on', 'tmpfs']
    const said = await runProgram(process.execPath, [join(BENCH, 'run.mjs'), '--only', group, ...options])
    expect(said, said.stderr + said.stdout).toMatchObject({ code: 0 })
    expect(said.stdout).toMatch(new RegExp(`^\\| ${group}, .*\\| info +\\|$`, 'm'))
  })
})
