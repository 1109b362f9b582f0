/** What may come next on a command line: as rq says it, and in the shells themselves, with a terminal where they need one. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { skipLoudly } from '../faults/mount.ts'
import { BIN, makeQueue, tempRoot } from '../helpers/daemon.ts'
import { rootWithQueue, rq, runProgram } from '../helpers/rq.ts'

const ID = '20261122T101500.123456-x7f2k9'
const LATER = '20261122T101501.123456-a1b2c3-b.txt'

function drop(queue: string, name: string, state = 'que'): void {
  mkdirSync(join(queue, state), { recursive: true })
  writeFileSync(join(queue, state, name), 'payload')
}

describe('rq __complete', () => {
  const complete = async (root: string, ...words: string[]) =>
    (await rq(root, ['__complete', ...words])).lines.map((line) => line.split('\t')[0])

  it('knows commands, options, queues, states and ids', async () => {
    const { root, queue } = rootWithQueue()
    makeQueue(root, 'quick')
    drop(queue, ID)
    drop(queue, LATER, 'pause')
    expect(await complete(root, 're')).toEqual(['result', 'retry', 'release', 'resume', 'restart'])
    expect(await complete(root, 'ls', 'q')).toEqual(['q', 'quick'])
    expect(await complete(root, 'ls', 'q', 'fa')).toEqual(['failed'])
    expect(await complete(root, 'ls', 'q', '--li')).toEqual(['--limit'])
    expect(await complete(root, 'hold', '')).toEqual([ID])
    expect(await complete(root, 'release', '')).toEqual([LATER])
    expect(await complete(root, 'show', 'x7f')).toEqual([ID])
    expect(await complete(root, 'move', ID, '--to', '')).toEqual(['q', 'quick'])
    expect(await complete(root, 'inject', 'q', '')).toEqual([':files'])
    expect(await complete(root, 'inject', 'q', '--attach', '')).toEqual([':files'])
    expect(await complete(root, 'completion', '')).toEqual(['bash', 'zsh', 'fish'])
    expect(await complete('/nonexistent', 'hold', '--root', root, '')).toEqual([ID])
    expect(await complete(root, 'nonsense', '')).toEqual([])
  })
  it('knows the other ways to write the same', async () => {
    const { root, queue } = rootWithQueue()
    drop(queue, ID)
    expect(await complete(root, 'move', ID, '--to=')).toEqual(['--to=q'])
    expect(await complete(root, 'move', ID, '--to', '=')).toEqual(['q'])
    expect(await complete(root, 'move', ID, '--to', '=', 'q')).toEqual(['q'])
    expect(await complete(root, 'inject', 'q', '--attach=x')).toEqual([':files'])
    expect(await complete('/nonexistent', '--root', root, 'ls', '')).toEqual(['q'])
    expect(await complete('/nonexistent', `--root=${root}`, 'ls', '')).toEqual(['q'])
    expect(await complete(root, '--ro')).toEqual(['--root'])
    expect(await complete(root, '--root', '')).toEqual([':files'])
    expect(await complete(root, 'help', 'wai')).toEqual(['wait'])
  })
})

describe('rq completion', () => {
  it.each(['bash', 'zsh', 'fish'])('has a script for %s', async (shell) => {
    const said = await rq('/nonexistent', ['completion', shell])
    expect(said).toMatchObject({ code: 0, stderr: '' })
    expect(said.stdout).toContain('rq __complete')
  })
  it('for another shell is misuse', async () => {
    expect(await rq('/nonexistent', ['completion', 'tcsh'])).toMatchObject({ code: 2 })
  })
})

interface Scene {
  /** What `rq completion` printed, in a file. */
  readonly script: string
  readonly options: { readonly env: Record<string, string>; readonly cwd: string }
}

/** Two queues, two items, `rq` in the path, and a directory with one file. */
async function scene(shell: string): Promise<Scene> {
  const { root, queue } = rootWithQueue()
  makeQueue(root, 'my queue')
  drop(queue, ID)
  drop(queue, LATER)
  const place = tempRoot()
  mkdirSync(join(place, 'bin'))
  symlinkSync(BIN.rq, join(place, 'bin/rq'))
  mkdirSync(join(place, 'cwd'))
  writeFileSync(join(place, 'cwd/letter.eml'), '')
  const script = join(place, `completion.${shell}`)
  writeFileSync(script, (await rq(root, ['completion', shell])).stdout)
  // A shell writes its histories and caches at home.
  const env = { RQ_ROOT: root, PATH: `${join(place, 'bin')}:${process.env['PATH']}`, HOME: place, TERM: 'dumb' }
  return { script, options: { env, cwd: join(place, 'cwd') } }
}

function absent(shell: string): boolean {
  const isThere = spawnSync(shell, ['-c', 'exit 0']).status === 0
  return skipLoudly(`completion in ${shell}`, isThere ? undefined : `${shell} is not installed`)
}

describe.skipIf(absent('bash'))('in bash', () => {
  const candidates = async (...words: string[]) => {
    const { script, options } = await scene('bash')
    const code = `. "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _rq; printf '%s\\n' "\${COMPREPLY[@]}"`
    const said = await runProgram('bash', ['-c', code, script, ...words], options)
    expect(said.stderr).toBe('')
    // Of a directory, in the order found.
    return said.lines.toSorted()
  }
  it.each([
    [['rq', 'inj'], ['inject']],
    [['rq', 'hold', 'x7f'], [ID]],
    [['rq', 'inject', 'q', 'let'], ['letter.eml']],
    [['rq', 'ls', 'my'], ['my\\ queue']],
    [['rq', 'ls', 'my\\ q'], ['my\\ queue']],
    [['rq', 'ls', '"my'], ['my queue']],
    [['rq', 'ls', "'my queue'", 'fai'], ['failed']],
    [['rq', 'move', 'x', '--to', '=', 'm'], ['my\\ queue']],
    // The blank keeps what was typed from being replaced by what the others have in common.
    [
      ['rq', 'hold', '123456'],
      [' ', ID, LATER],
    ],
  ])('%j', async (words, expected) => {
    expect(await candidates(...words)).toEqual(expected)
  })
})

describe.skipIf(absent('fish'))('in fish', () => {
  it.each([
    ['rq inj', ['inject']],
    ['rq ls ', ['my queue', 'q']],
    ['rq ls "my', ['my queue']],
    ['rq ls my\\ q', ['my queue']],
    ['rq ls "my queue" fai', ['failed']],
    ['rq hold x7f', [ID]],
    ['rq hold 123456', [ID, LATER]],
    ['rq inject q let', ['letter.eml']],
    ['rq inject q --attach=let', ['--attach=letter.eml']],
    ['rq move x --to=', ['--to=my queue', '--to=q']],
  ])('%s', async (line, expected) => {
    const { script, options } = await scene('fish')
    const code = 'source $argv[1]; complete -C $argv[2]'
    const said = await runProgram('fish', ['--no-config', '-c', code, script, line], options)
    expect(said).toMatchObject({ code: 0, stderr: '' })
    expect(said.lines.map((text) => text.split('\t')[0])).toEqual(expected)
  })
})

/** Types a line and TAB into a zsh on a terminal, and prints all that it showed, the line as it stands then at the end. */
const ZSH_TYPIST = `
zmodload zsh/zpty
zpty -b shell zsh -f -i
enter() { zpty -w shell "$1" }
enter "PS1= PS2=; stty rows 50 columns 200"
enter "fpath=($1 \\$fpath); autoload -Uz compinit; compinit -u -D"
enter "$2"
enter 'tell() { print -r -- "[""line:$BUFFER]"; exit }; zle -N tell; bindkey "^X" tell'
enter 'print -r -- "[""ready]"'
zpty -r -m shell shown '*\\[ready\\]*'
zpty -n -w shell "$3"$'\\t\\x18'
zpty -r -m shell shown '*\\[line:*\\]*'
print -r -- "$shown"
`

describe.skipIf(absent('zsh'))('in zsh', () => {
  const type = async (line: string, how: 'sourced' | 'autoloaded' = 'sourced') => {
    const { script, options } = await scene('zsh')
    const functions = tempRoot()
    symlinkSync(script, join(functions, how === 'autoloaded' ? '_rq' : 'unused'))
    const load = how === 'sourced' ? `source ${script}` : ':'
    const said = await runProgram('zsh', ['-f', '-c', ZSH_TYPIST, 'zsh', functions, load, line], options)
    expect(said.stderr).toBe('')
    return { line: /\[line:(.*?)\]/s.exec(said.stdout)?.[1], shown: said.stdout }
  }

  it.each([
    ['rq inj', 'rq inject '],
    ['rq ls my', 'rq ls my\\ queue '],
    ['rq ls my\\ q', 'rq ls my\\ queue '],
    ['rq ls "my', 'rq ls "my queue" '],
    ['rq ls "my queue" fai', 'rq ls "my queue" failed '],
    ['rq hold x7f', `rq hold ${ID} `],
    ['rq inject q let', 'rq inject q letter.eml '],
    ['rq inject q --attach=let', 'rq inject q --attach=letter.eml '],
    ['rq move x --to=m', 'rq move x --to=my\\ queue '],
  ])('%s', async (typed, completed) => {
    expect((await type(typed)).line).toBe(completed)
  })
  it('lists what may be meant, with what it is, and leaves the line alone', async () => {
    const { line, shown } = await type('rq hold 123456')
    expect(line).toBe('rq hold 123456')
    expect(shown).toContain(`${ID}  -- q que`)
    expect(shown).toContain(`${LATER}  -- q que`)
  })
  it('from a directory of functions', async () => {
    expect((await type('rq inj', 'autoloaded')).line).toBe('rq inject ')
  })
})
