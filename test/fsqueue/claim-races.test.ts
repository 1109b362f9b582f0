import { spawn } from 'node:child_process'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { buildSync } from 'esbuild'
import { expect, it } from 'vitest'
import { claimNow, makeQueue, newId, perl, raw, state, tree } from './support.ts'

const ITEMS = 2000

/** Renames every entry of a directory into another as fast as it can, and prints how many it got. */
const MOVER = `
  my ($from, $to) = @ARGV; my $got = 0;
  for (1 .. 3) {
    opendir(my $d, $from); my @all = readdir $d; closedir $d;
    for (reverse @all) { next if /^\\./; $got++ if rename("$from/$_", "$to/$_") }
  }
  print $got;
`

it('between a claim and a rename by hand, each item has exactly one winner', async () => {
  const test = makeQueue()
  mkdirSync(`${test.path}/taken`)
  const names = Array.from({ length: ITEMS }, (_, i) => {
    const kind = i % 3
    const name = kind === 0 ? `file ${i}` : kind === 1 ? `${newId()}.msg` : newId()
    if (kind === 2) mkdirSync(`${test.path}/que/${name}`)
    writeFileSync(kind === 2 ? `${test.path}/que/${name}/msg` : `${test.path}/que/${name}`, '{}')
    return raw(name)
  })
  const rival = perl(MOVER, `${test.path}/que`, `${test.path}/taken`)
  let won = 0
  let lost = 0
  for (const [i, name] of names.entries()) {
    const claimed = claimNow(test, name)
    if (claimed.kind === 'won') won += 1
    else lost += 1
    expect(claimed.kind).not.toBe('occupied')
    if (i % 50 === 0) await new Promise((done) => setImmediate(done))
  }
  const taken = Number(await rival)
  expect(taken).toBe(lost)
  expect(won + taken).toBe(ITEMS)
  expect(readdirSync(`${test.path}/que`)).toEqual([])
  // A lost race leaves nothing behind that recovery would have to look at.
  expect(readdirSync(`${test.path}/run`)).toHaveLength(won)
})

it('among many workers that claim the same items, each item has exactly one winner', async () => {
  const test = makeQueue()
  const count = 300
  for (let i = 0; i < count; i += 1) writeFileSync(`${test.path}/que/${newId(`f${i}`)}`, String(i))
  const claimer = `${test.path}/claimer.cjs`
  buildSync({
    entryPoints: [fileURLToPath(new URL('claimer.ts', import.meta.url))],
    bundle: true,
    platform: 'node',
    outfile: claimer,
  })
  const outputs = await Promise.all(Array.from({ length: 4 }, () => run([claimer, test.path])))
  const winners = outputs.flatMap((out) => out.split('\n').filter((line) => line !== ''))
  expect(new Set(winners).size).toBe(winners.length)
  expect(winners).toHaveLength(count)
  expect(state(test, 'que')).toEqual([])
  const payloads = tree(`${test.path}/run`).filter((line) => line.includes('='))
  expect(payloads).toHaveLength(count)
})

function run(args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    let out = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text
    })
    child.on('error', reject)
    child.on('close', (code) => (code === 0 ? resolve(out) : reject(new Error(`exit ${code}`))))
  })
}
