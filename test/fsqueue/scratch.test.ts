import { execFileSync, spawn } from 'node:child_process'
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { inQueue } from '../../src/fsqueue/place.ts'
import { Scratch } from '../../src/fsqueue/scratch.ts'
import { until } from '../helpers/until.ts'
import { makeQueue, newId, type TestQueue } from './support.ts'

function scratchOf(test: TestQueue, pace: () => Promise<void>, problems: string[] = []): Scratch {
  return new Scratch(test.queue, newId(), { pace, onProblem: (text) => problems.push(text) })
}

function takeFrom(test: TestQueue, name: string, scratch: Scratch) {
  const taken = scratch.take(inQueue(test.queue, name))
  if (taken === undefined) throw new Error(`${name} was not taken`)
  return taken
}

it('takes away by one rename, removes in steps, and follows no link', async () => {
  const test = makeQueue()
  mkdirSync(`${test.path}/kept`)
  writeFileSync(`${test.path}/kept/file`, '')
  for (let n = 0; n < 500; n += 1) mkdirSync(`${test.path}/old/item${n}`, { recursive: true })
  symlinkSync('../kept', `${test.path}/old/link`)
  let steps = 0
  const scratch = scratchOf(test, async () => {
    steps += 1
    expect(existsSync(`${test.path}/old`)).toBe(false)
  })
  const tally = { items: 0, bytes: 0 }
  await scratch.remove(takeFrom(test, 'old', scratch), 1, tally)
  expect([steps, scratch.moves, tally.items]).toEqual([502, 1, 501])
  expect([readdirSync(`${test.path}/_tmp`), existsSync(`${test.path}/kept/file`)]).toEqual([[], true])
})

it('gives up, and says so, where somebody goes on writing into what is removed', async () => {
  const test = makeQueue()
  mkdirSync(`${test.path}/old`)
  writeFileSync(`${test.path}/old/first`, '')
  let steps = 0
  const problems: string[] = []
  const scratch: Scratch = scratchOf(
    test,
    async () => {
      steps += 1
      if (steps > 1000) throw new Error('never ends')
      const dir = `${test.path}/_tmp/${readdirSync(`${test.path}/_tmp`)[0]}`
      // Now one more, now two more: another number is left each time.
      for (let n = 0; n <= steps % 2; n += 1) writeFileSync(`${dir}/${steps}-${n}`, '')
    },
    problems,
  )
  await scratch.remove(takeFrom(test, 'old', scratch), 0, { items: 0, bytes: 0 })
  expect(problems).toEqual([expect.stringMatching(/cannot be removed: somebody writes into it$/)])
})

it('removes what is deeper than any path is long', async () => {
  const test = makeQueue()
  mkdirSync(`${test.path}/old`)
  const nest = 'i=0; while [ $i -lt 700 ]; do mkdir longlong && cd -P longlong && i=$((i+1)); done; : > file'
  execFileSync('sh', ['-c', nest], { cwd: `${test.path}/old` })
  const problems: string[] = []
  const scratch = scratchOf(test, async () => undefined, problems)
  await scratch.remove(takeFrom(test, 'old', scratch), 0, { items: 0, bytes: 0 })
  expect([problems, readdirSync(`${test.path}/_tmp`)]).toEqual([[], []])
})

it.runIf(process.getuid?.() === 0)(
  'takes a directory from the user whose it was, who writes into it meanwhile',
  async () => {
    const test = makeQueue()
    const job = `${test.path}/old/job`
    mkdirSync(job, { recursive: true })
    for (const name of ['a', 'b', 'c']) writeFileSync(`${job}/${name}`, '')
    chownSync(job, 54_321, 54_321)
    chmodSync(job, 0o777)
    // Where it was moved to, it is still the directory that this process stands in.
    const rival = spawn('perl', ['-e', 'for (;;) { open(F, ">", "x" . int rand 1e9) && close F }'], {
      cwd: job,
      uid: 54_321,
      gid: 54_321,
      stdio: 'ignore',
    })
    try {
      await until(() => readdirSync(job).length > 100)
      const problems: string[] = []
      const scratch = scratchOf(test, () => new Promise(setImmediate), problems)
      await scratch.remove(takeFrom(test, 'old', scratch), 0, { items: 0, bytes: 0 })
      expect([problems, readdirSync(`${test.path}/_tmp`)]).toEqual([[], []])
    } finally {
      rival.kill('SIGKILL')
    }
  },
)
