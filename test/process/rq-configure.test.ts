/** rq configure: a config.json is checked, then replaced whole; nobody's change is lost. */
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { startDaemon } from '../helpers/daemon.ts'
import { rootWithQueue, rq } from '../helpers/rq.ts'
import { rqd } from '../helpers/rqd.ts'
import { until } from '../helpers/until.ts'
import { openQueue } from '../helpers/worker.ts'

interface Answer {
  readonly queue: string
  readonly path: string
  readonly version: string | null
  readonly changed: readonly string[]
  readonly written: boolean
}

interface Config {
  readonly text: string | null
  readonly version: string | null
  readonly values: readonly object[]
}

function file(queue: string): string {
  return join(queue, 'config.json')
}

function read(queue: string): unknown {
  return JSON.parse(readFileSync(file(queue), 'utf8'))
}

async function configured(root: string, ...args: string[]): Promise<Answer> {
  const said = await rq(root, ['configure', 'q', ...args, '--json'])
  expect(said).toMatchObject({ code: 0, stderr: '' })
  return JSON.parse(said.stdout) as Answer
}

async function config(root: string): Promise<Config> {
  return JSON.parse((await rq(root, ['config', 'q', '--json'])).stdout) as Config
}

describe('rq configure', () => {
  it('makes a file where there is none, and answers what it is now', async () => {
    const { root, queue } = rootWithQueue()
    expect(await config(root)).toMatchObject({ text: null, version: null })
    const answer = await configured(root, '--set', 'slots=4', '--set', 'retry.limit=2', '--set', 'handler=./run')
    expect(answer).toMatchObject({
      queue: 'q',
      path: file(queue),
      changed: ['slots', 'retry.limit', 'handler'],
      written: true,
    })
    expect(read(queue)).toEqual({ slots: 4, retry: { limit: 2 }, handler: './run' })
    expect(await config(root)).toMatchObject({ text: readFileSync(file(queue), 'utf8'), version: answer.version })
    expect(statSync(file(queue)).mode & 0o777).toBe(0o600)
    expect(existsSync(join(queue, 'config.json~'))).toBe(false)
  })

  it('keeps the other keys, their order, the indentation, the mode, and the file before', async () => {
    const { root, queue } = rootWithQueue()
    const before = '{\n\t"nice": 3,\n\t"retry": {\n\t\t"limit": 1,\n\t\t"base": "1s"\n\t},\n\t"slots": 2\n}\n'
    writeFileSync(file(queue), before)
    chmodSync(file(queue), 0o640)
    await configured(root, '--set', 'retry.limit=9', '--unset', 'slots')
    expect(readFileSync(file(queue), 'utf8')).toBe(before.replace('1,', '9,').replace(',\n\t"slots": 2', ''))
    expect(readFileSync(join(queue, 'config.json~'), 'utf8')).toBe(before)
    expect(statSync(file(queue)).mode & 0o777).toBe(0o640)
    await configured(root, '--set', 'nice=4')
    expect(readFileSync(join(queue, 'config.json~'), 'utf8')).toContain('"limit": 9')
    expect(readdirSync(join(queue, '_tmp'))).toEqual([])
  })

  it('takes the whole file from stdin or as a text, byte for byte', async () => {
    const { root, queue } = rootWithQueue({ slots: 2 })
    const text = '{ "slots":3,\n\n "env": {"A": "ä"} }'
    const said = await rq(root, ['configure', 'q', '--file', '-', '--json'], { input: text })
    expect(JSON.parse(said.stdout)).toMatchObject({ changed: ['slots', 'env.A'], written: true })
    expect(readFileSync(file(queue), 'utf8')).toBe(text)
    expect(await configured(root, '--text', '{}')).toMatchObject({ changed: ['slots', 'env.A'] })
    expect(readFileSync(file(queue), 'utf8')).toBe('{}')
  })

  it('writes nothing where nothing changes', async () => {
    const { root, queue } = rootWithQueue({ slots: 2 })
    const before = statSync(file(queue)).ino
    expect(await configured(root, '--set', 'slots=2', '--unset', 'nice')).toMatchObject({ changed: [], written: false })
    expect(await configured(root, '--text', '{"slots":2}')).toMatchObject({ written: false })
    expect((await rq(root, ['configure', 'q', '--set', 'slots=2'])).stdout).toBe('q: it is so already\n')
    expect(statSync(file(queue)).ino).toBe(before)
  })

  it('checks and says what would change with --dry-run, and leaves no trace', async () => {
    const { root, queue } = rootWithQueue({ slots: 2 })
    const names = readdirSync(queue).toSorted()
    const dry = await configured(root, '--set', 'slots=3', '--dry-run')
    expect(dry).toMatchObject({ changed: ['slots'], written: false })
    expect(read(queue)).toEqual({ slots: 2 })
    expect(readdirSync(queue).toSorted()).toEqual(names)
    expect((await rq(root, ['configure', 'q', '--set', 'slot=3', '--dry-run'])).code).toBe(1)
    expect((await configured(root, '--set', 'slots=3')).version).toBe(dry.version)
  })

  it('refuses a file that is not the version that was read, and takes the one that is', async () => {
    const { root, queue } = rootWithQueue({ slots: 2 })
    const { version } = await config(root)
    writeFileSync(file(queue), '{"slots": 5}')
    const late = await rq(root, ['configure', 'q', '--set', 'nice=1', '--if-version', version ?? ''])
    expect(late).toMatchObject({ code: 75, stdout: '' })
    expect(late.stderr).toContain('is not that version any more')
    expect(read(queue)).toEqual({ slots: 5 })
    const now = (await config(root)).version ?? ''
    await configured(root, '--set', 'nice=1', '--if-version', now)
    expect((await rq(root, ['configure', 'q', '--set', 'nice=1', '--if-version', 'none'])).code).toBe(75)
  })

  it('made by --if-version none is the first', async () => {
    const { root, queue } = rootWithQueue()
    await configured(root, '--set', 'nice=1', '--if-version', 'none')
    expect(read(queue)).toEqual({ nice: 1 })
  })
})

it('numbers that are no doubles keep their digits beside what is changed', async () => {
  const { root, queue } = rootWithQueue()
  writeFileSync(file(queue), '{"schedules":{"a":{"every":"1h","params":{"n":9007199254740993}}}}')
  await configured(root, '--set', 'nice=1')
  expect(readFileSync(file(queue), 'utf8')).toContain('"n": 9007199254740993')
})

describe('what is wrong', () => {
  it.each<[string, string[], string]>([
    ['an unknown key', ['--set', 'slot=3'], 'slot: is no known key (did you mean "slots"?)'],
    ['a value of another form', ['--set', 'retry.limit=often'], 'retry.limit: must be a whole number'],
    ['a name that is no key', ['--set', 'a..b=1'], 'a..b: is no key'],
    ['a key below a number', ['--set', 'nice.x=1'], 'nice: holds no object (set nice as a whole, or unset it first)'],
    ['what only the whole shows', ['--set', 'dirs.que=run'], 'dirs.run: "run" is used by the state que'],
    ['no JSON', ['--text', '{'], 'is not JSON'],
    ['no object', ['--text', '[]'], 'must be an object'],
    ['an account that nobody has', ['--set', 'user=nobody-of-this-name'], 'user: there is no user'],
  ])('%s is said, with file, key and fix, and nothing is written', async (_, args, says) => {
    const { root, queue } = rootWithQueue({ nice: 3 })
    const before = statSync(file(queue)).ino
    const said = await rq(root, ['configure', 'q', ...args])
    expect(said).toMatchObject({ code: 1, stdout: '' })
    expect(said.stderr).toContain(`rq: ${file(queue)}: `)
    expect(said.stderr).toContain(says)
    expect(statSync(file(queue)).ino).toBe(before)
    expect(existsSync(join(queue, 'config.json~'))).toBe(false)
  })

  it.each([
    ['nothing', []],
    ['two ways at once', ['--set', 'nice=1', '--text', '{}']],
    ['a file that would be read', ['--file', '/etc/passwd']],
  ])('%s is misuse', async (_, args) => {
    const { root } = rootWithQueue()
    expect(await rq(root, ['configure', 'q', ...args])).toMatchObject({ code: 2, stdout: '' })
  })

  it('what is no UTF-8 is refused', async () => {
    const { root, queue } = rootWithQueue()
    const said = await rq(root, ['configure', 'q', '--file', '-'], {
      input: Buffer.from('{"env":{"A":"\xff"}}', 'latin1'),
    })
    expect(said).toMatchObject({ code: 1 })
    expect(said.stderr).toContain('is not UTF-8')
    expect(existsSync(file(queue))).toBe(false)
  })

  it('a file that is a symbolic link is not followed, and not replaced', async () => {
    const { root, queue } = rootWithQueue()
    writeFileSync(join(queue, 'real.json'), '{}')
    symlinkSync('real.json', file(queue))
    for (const args of [
      ['--set', 'nice=1'],
      ['--text', '{"nice":1}'],
    ]) {
      const said = await rq(root, ['configure', 'q', ...args])
      expect(said).toMatchObject({ code: 1 })
      expect(said.stderr).toContain('is a symbolic link')
    }
    expect(readFileSync(join(queue, 'real.json'), 'utf8')).toBe('{}')
  })

  it('a link in the place of config.json~ is replaced, not written through', async () => {
    const { root, queue } = rootWithQueue({ nice: 1 })
    writeFileSync(join(queue, 'victim'), 'untouched')
    symlinkSync('victim', join(queue, 'config.json~'))
    await configured(root, '--set', 'nice=2')
    expect(readFileSync(join(queue, 'victim'), 'utf8')).toBe('untouched')
    expect(readFileSync(join(queue, 'config.json~'), 'utf8')).toBe('{"nice":1}')
  })

  it('a file with mistakes is shown by rq config --json, and mended as a whole', async () => {
    const { root, queue } = rootWithQueue()
    writeFileSync(file(queue), '{"slots": 3,}')
    const shown = await rq(root, ['config', 'q', '--json'])
    expect(shown.code).toBe(1)
    const { text, version, values } = JSON.parse(shown.stdout) as Config
    expect({ text, values }).toEqual({ text: '{"slots": 3,}', values: [] })
    const said = await rq(root, ['configure', 'q', '--set', 'nice=1'])
    expect(said.stderr).toContain('or give the whole file')
    await configured(root, '--text', '{"slots": 3}', '--if-version', version ?? '')
    expect(read(queue)).toEqual({ slots: 3 })
  })

  it('a mistake in the root’s file keeps everybody from judging', async () => {
    const { root, queue } = rootWithQueue()
    writeFileSync(join(root, 'config.json'), '{"queu": {}}')
    expect((await rq(root, ['configure', 'q', '--set', 'nice=1'])).stderr).toContain(
      `${join(root, 'config.json')}: queu`,
    )
    expect(existsSync(file(queue))).toBe(false)
  })
})

describe('many at once', () => {
  it('lose nothing and tear nothing', async () => {
    const { root, queue } = rootWithQueue({ slots: 2 })
    const names = Array.from({ length: 8 }, (_, index) => `V${index}`)
    let isOver = false
    const torn: string[] = []
    const watching = (async () => {
      while (!isOver) {
        const text = readFileSync(file(queue), 'utf8')
        try {
          JSON.parse(text)
        } catch (error) {
          torn.push(`${String(error)}: ${text}`)
        }
        await new Promise((resolve) => setTimeout(resolve, 1))
      }
    })()
    const said = await Promise.all(names.map((name) => rq(root, ['configure', 'q', '--set', `env.${name}="1"`])))
    isOver = true
    await watching
    expect(said.map(({ code }) => code)).toEqual(names.map(() => 0))
    expect(read(queue)).toEqual({
      slots: 2,
      env: expect.objectContaining(Object.fromEntries(names.map((n) => [n, '1']))),
    })
    expect(torn).toEqual([])
    expect(readdirSync(join(queue, '_tmp'))).toEqual([])
  })

  it('of the same version one wins, and the others are told', async () => {
    const { root, queue } = rootWithQueue({ slots: 2 })
    const version = (await config(root)).version ?? ''
    const said = await Promise.all(
      [1, 2, 3, 4].map((nice) => rq(root, ['configure', 'q', '--set', `nice=${nice}`, '--if-version', version])),
    )
    expect(said.map(({ code }) => code).toSorted()).toEqual([0, 75, 75, 75])
    const winner = said.findIndex(({ code }) => code === 0) + 1
    expect(read(queue)).toEqual({ slots: 2, nice: winner })
  })
})

it('a worker that runs reads it at once', async () => {
  const { root, queue } = rootWithQueue({ slots: 2 })
  const daemon = await startDaemon(root)
  const status = () => readFileSync(join(queue, '_status.json'), 'utf8')
  await until(() => status().includes('"slots":2,'))
  await configured(root, '--set', 'slots=7')
  await until(() => status().includes('"slots":7,'))
  await daemon.stop()
})

describe.skipIf(process.getuid?.() !== 0)('root', () => {
  it('leaves the file to its owner, and gives a new one to that of the queue', async () => {
    const { root, queue } = rootWithQueue({ nice: 1 })
    chownSync(file(queue), 65534, 65534)
    await configured(root, '--set', 'nice=2')
    expect(statSync(file(queue))).toMatchObject({ uid: 65534, gid: 65534 })
    expect(statSync(join(queue, 'config.json~'))).toMatchObject({ uid: 65534, gid: 65534 })
    const other = rootWithQueue()
    execFileSync('chown', ['-R', '65534:65534', other.root])
    await configured(other.root, '--set', 'nice=2')
    expect(statSync(file(other.queue))).toMatchObject({ uid: 65534, gid: 65534 })
  })
})

describe('rq config --schema', () => {
  it('prints the schema of docs/config.schema.json', async () => {
    const said = await rq('/nonexistent', ['config', '--schema'])
    expect(said).toMatchObject({ code: 0, stderr: '' })
    const shipped = readFileSync(new URL('../../docs/config.schema.json', import.meta.url), 'utf8')
    expect(JSON.parse(said.stdout)).toEqual(JSON.parse(shipped))
  })
  it('needs a queue for anything else', async () => {
    expect(await rq(rootWithQueue().root, ['config'])).toMatchObject({ code: 2, stdout: '' })
  })
})

describe('rq down, rq up', () => {
  it('refuse and accept new items, and say whether it was so already', async () => {
    const { root, queue } = rootWithQueue()
    expect((await rq(root, ['down', 'q'])).stdout).toBe('q: down\n')
    expect((await rq(root, ['down', 'q'])).stdout).toBe('q: down already\n')
    expect(existsSync(join(queue, '_down'))).toBe(true)
    expect((await rq(root, ['inject', 'q', '--param', 'a=1'])).code).toBe(75)
    expect(JSON.parse((await rq(root, ['up', 'q', '--json'])).stdout)).toEqual({
      queue: 'q',
      down: false,
      changed: true,
    })
    expect((await rq(root, ['up', 'q'])).stdout).toBe('q: up already\n')
    expect((await rq(root, ['inject', 'q', '--param', 'a=1'])).code).toBe(0)
  })
  it('of several take those that there are', async () => {
    const { root, queue } = rootWithQueue()
    const said = await rq(root, ['down', 'p', 'q'])
    expect(said).toMatchObject({ code: 66, stdout: 'q: down\n' })
    expect(said.stderr).toContain('no queue "p"')
    expect(existsSync(join(queue, '_down'))).toBe(true)
    expect((await rq(root, ['up'])).code).toBe(2)
  })
  it('start nothing meanwhile, and go on afterwards', async () => {
    const { root, queue } = rootWithQueue()
    await rq(root, ['down', 'q'])
    const daemon = await startDaemon(root)
    const opened = openQueue(queue)
    const id = opened.drop()
    await until(async () => (await rq(root, ['why', id])).stdout.includes('`rq up QUEUE`'))
    expect(opened.stateOf(id)).toBe('que')
    await rq(root, ['up', 'q'])
    expect(await opened.settled(id)).toBe('done')
    await daemon.stop()
  })
})

describe('rq form', () => {
  it('prints the fields of a queue without a form.json', async () => {
    const { root } = rootWithQueue()
    const said = await rq(root, ['form', 'q', '--json'])
    const form = JSON.parse(said.stdout) as { path: null; fields: { name: string }[] }
    expect(form).toMatchObject({ queue: 'q', path: null, ignored: [] })
    expect(form.fields.map(({ name }) => name)).toEqual(['params', 'tags', 'priority', 'in', 'attach'])
  })
  it('prints those of its form.json, in order, also with the keys of RQ', async () => {
    const { root, queue } = rootWithQueue()
    const form = { default: 'hidden', mesg_param1: { label: 'Town', help: 'Where to' }, 'params.n': { type: 'number' } }
    writeFileSync(join(queue, 'form.json'), JSON.stringify(form))
    const said = await rq(root, ['form', 'q', '--json'])
    expect(JSON.parse(said.stdout)).toEqual({
      queue: 'q',
      path: join(queue, 'form.json'),
      fields: [
        {
          ...{ name: 'param1', label: 'Town', help: 'Where to', type: 'text', choices: null, default: null },
          ...{ required: false, pattern: null, hidden: false },
        },
        {
          ...{ name: 'params.n', label: 'n', help: null, type: 'number', choices: null, default: null },
          ...{ required: false, pattern: null, hidden: false },
        },
      ],
      ignored: [],
    })
    expect((await rq(root, ['form', 'q'])).lines).toEqual([
      expect.stringMatching(/^FIELD +TYPE +LABEL/),
      expect.stringMatching(/^param1 +text +Town/),
      expect.stringMatching(/^params\.n +number +n/),
    ])
  })
  it.each([
    ['{"parm1": {}}', 'parm1: is no field (did you mean "param1"?)'],
    ['{"param1": {"label": 3}}', 'param1.label: must be a text (found 3)'],
    ['{', 'is not JSON'],
  ])('names the file, the key and the fix of %s', async (text, says) => {
    const { root, queue } = rootWithQueue()
    writeFileSync(join(queue, 'form.json'), text)
    const said = await rq(root, ['form', 'q'])
    expect(said).toMatchObject({ code: 1, stdout: '' })
    expect(said.stderr).toContain(`rq: ${join(queue, 'form.json')}: `)
    expect(said.stderr).toContain(says)
  })
  it('has its mistakes told by rqd check as well', async () => {
    const { root, queue } = rootWithQueue()
    await rq(root, ['create', 'other', '--handler', 'cat'])
    expect((await rqd('check', '--root', root)).code).toBe(0)
    writeFileSync(join(queue, 'form.json'), '{"parm1": {}}')
    const said = await rqd('check', '--root', root)
    expect(said.code).toBe(1)
    expect(said.stdout).toContain(`${join(queue, 'form.json')}: parm1: is no field`)
  })
  it('follows no link', async () => {
    const { root, queue } = rootWithQueue()
    mkdirSync(join(queue, 'elsewhere'))
    symlinkSync('/etc/hostname', join(queue, 'form.json'))
    expect((await rq(root, ['form', 'q'])).stderr).toContain('is a symbolic link')
  })
})
