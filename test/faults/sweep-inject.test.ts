/** `rq inject` killed, and refused, at each file-system call: whole items or none, and what was told is there. */
import { spawn } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { BIN, makeQueue } from '../helpers/daemon.ts'
import { newId } from '../helpers/worker.ts'
import { skipLoudly } from './mount.ts'
import { type Shot, type SweepOptions, shimUnavailable } from './shim.ts'
import { IS_WHOLE, SWEEP_TIMEOUT_MS, sweepCalls } from './sweep-plan.ts'

const FILES = { 'a.txt': 'first\n', 'b b.txt': 'second\n'.repeat(3000) }
const PAIR = Object.values(FILES).join('|')

/** What is injected, what each item must hold then, and how many there are. */
const FORMS = [
  ['files', ['a.txt', 'b b.txt'], Object.values(FILES)],
  ['one item with attachments', ['--attach', 'a.txt', 'b b.txt', '--param1', 'x'], [PAIR]],
  ['a message', ['--param1', 'x', '--priority', '2'], ['']],
  ['standard input', ['-'], ['from stdin']],
] as const

const FAULTS = [
  { do: 'ENOSPC' },
  { do: 'EIO', reads: true },
  { do: 'EMFILE', reads: true },
  { do: 'short' },
] as const satisfies readonly SweepOptions[]

describe.skipIf(skipLoudly('sweeps', shimUnavailable()))('rq inject', () => {
  test.each(FORMS)('killed at each call: %s', { timeout: SWEEP_TIMEOUT_MS }, async (_what, args, contents) => {
    await sweepCalls({ do: 'kill' }, { every: 13, atOnce: 2 }, async (shot) => {
      const place = makePlace(shot.dir)
      const said = await inject(place, args, shot)
      check(place, said, contents)
      expect(said.code).toBe(shot.fired() ? null : 0)
      expect(await inject(place, args)).toMatchObject({ code: 0 })
    })
  })

  test.each(FORMS)('torn in a write: %s', { timeout: SWEEP_TIMEOUT_MS }, async (_what, args, contents) => {
    await sweepCalls({ do: 'torn' }, { every: 1, atOnce: 2 }, async (shot) => {
      const place = makePlace(shot.dir)
      check(place, await inject(place, args, shot), contents)
    })
  })

  describe.each(FAULTS)('refused with %j', (fault) => {
    // Usually each with another form.
    const forms = IS_WHOLE ? FORMS : FORMS.slice(FAULTS.indexOf(fault)).slice(0, 1)
    test.each(forms)('at each call: %s', { timeout: SWEEP_TIMEOUT_MS }, async (_what, args, contents) => {
      await sweepCalls(fault, { every: 29, atOnce: 2 }, (shot) => refused(shot, args, contents))
    })

    test('from each call on', { timeout: SWEEP_TIMEOUT_MS }, async () => {
      await sweepCalls({ ...fault, sticky: true }, { every: 29, atOnce: 2 }, (shot) =>
        refused(shot, FORMS[0][1], FORMS[0][2]),
      )
    })
  })

  test.each(['kill', 'EIO', 'ENOSPC'] as const)(
    'with --id, repeated after %s: there is one item',
    {
      timeout: SWEEP_TIMEOUT_MS,
    },
    async (fault) => {
      await sweepCalls({ do: fault }, { every: 17, eachKind: true, atOnce: 2 }, async (shot) => {
        const place = makePlace(shot.dir)
        const id = newId()
        const args = ['b b.txt', '--id', id]
        check(place, await inject(place, args, shot), [FILES['b b.txt']])
        expect(await inject(place, args)).toMatchObject({ code: 0, ids: [id] })
        expect(readdirSync(place.que)).toEqual([id])
      })
    },
  )

  test('a sync that fails behind the rename is answered with 74, and with no id', async () => {
    let unknown = 0
    await sweepCalls({ do: 'EIO', only: ['fsync', 'syncfs'] }, { every: 1, atOnce: 2 }, async (shot) => {
      const place = makePlace(shot.dir)
      const said = await inject(place, FORMS[1][1], shot)
      if (shot.fired()) expect(said.code, said.stderr).toBe(readdirSync(place.que).length > 0 ? 74 : 1)
      if (said.code === 74) unknown += 1
      expect(said.ids).toHaveLength(said.code === 0 ? 1 : 0)
    })
    expect(unknown).toBeGreaterThan(0)
  })
})

interface Place {
  readonly root: string
  readonly files: string
  readonly que: string
}

function makePlace(dir: string): Place {
  const root = join(dir, 'root')
  const files = join(dir, 'files')
  mkdirSync(files)
  for (const [name, text] of Object.entries(FILES)) writeFileSync(join(files, name), text)
  return { root, files, que: join(makeQueue(root, 'q'), 'que') }
}

interface Said {
  /** null: it was killed. */
  readonly code: number | null
  readonly ids: readonly string[]
  readonly stderr: string
}

async function inject(place: Place, args: readonly string[], shot?: Shot): Promise<Said> {
  const child = spawn(process.execPath, [BIN.rq, '--root', place.root, 'inject', 'q', ...args], {
    cwd: place.files,
    env: { ...process.env, ...shot?.env(place.root) },
  })
  child.stdin.on('error', () => undefined).end('from stdin')
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (data) => {
    stdout += data
  })
  child.stderr.on('data', (data) => {
    stderr += data
  })
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve))
  return { code, ids: stdout.split('\n').slice(0, -1), stderr }
}

async function refused(shot: Shot, args: readonly string[], contents: readonly string[]): Promise<void> {
  const place = makePlace(shot.dir)
  const said = await inject(place, args, shot)
  check(place, said, contents)
  const told = said.code === 0 ? contents.length : Math.min(said.ids.length, contents.length)
  expect(said.ids, said.stderr).toHaveLength(told)
  if (said.code !== 0) expect(said.stderr).not.toBe('')
  expect(said.stderr, 'a bug, not an answer').not.toMatch(/^\s+at /m)
  shot.heal()
  expect(await inject(place, args)).toMatchObject({ code: 0 })
}

/** Each item in que/ is whole and is one of those given, none is there twice, and those that were told of are there. */
function check(place: Place, said: Said, contents: readonly string[]): void {
  const names = readdirSync(place.que)
  const found = names.map((name) => contentOf(join(place.que, name)))
  expect(contents, `${names}`).toEqual(expect.arrayContaining(found))
  expect(new Set(found).size, `${names}`).toBe(found.length)
  const ids = names.map((name) => name.split(',')[0]?.replace(/\.msg$/, ''))
  expect(ids).toEqual(expect.arrayContaining([...said.ids]))
}

function contentOf(path: string): string {
  if (path.split(',')[0]?.endsWith('.msg')) return contentOfMessage(path)
  if (statSync(path).isFile()) return readFileSync(path, 'utf8')
  contentOfMessage(join(path, 'msg'))
  const attached = readdirSync(join(path, 'attach')).toSorted()
  return attached.map((name) => readFileSync(join(path, 'attach', name), 'utf8')).join('|')
}

/** Nothing beside what is checked: it parses, and is the one that was given. */
function contentOfMessage(path: string): string {
  const msg = JSON.parse(readFileSync(path, 'utf8'))
  expect(msg.param1 ?? 'x').toBe('x')
  return ''
}
