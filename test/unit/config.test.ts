import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { formatProblem, loadQueueConfig, loadRootConfig } from '../../src/config/config.ts'
import { nearest } from '../../src/config/near.ts'
import { resolveRoot } from '../../src/config/root.ts'
import { formatDuration, parseDuration, parseSize } from '../../src/config/units.ts'
import { ExactNumber } from '../../src/domain/json.ts'

const base = mkdtempSync(join(tmpdir(), 'rqd-config-'))
let count = 0
let dir = base
afterAll(() => rmSync(base, { recursive: true, force: true }))
beforeEach(() => {
  count += 1
  dir = join(base, String(count))
  mkdirSync(dir)
})

function write(content: unknown): void {
  writeFileSync(join(dir, 'config.json'), typeof content === 'string' ? content : JSON.stringify(content))
}

function load(content: unknown, root?: Parameters<typeof loadQueueConfig>[1]) {
  write(content)
  const result = loadQueueConfig(dir, root)
  if (result.kind === 'bad') throw new Error(result.problems.map(formatProblem).join('\n'))
  return result.config
}

function problems(content: unknown): string[] {
  write(content)
  const result = loadQueueConfig(dir)
  return result.kind === 'ok' ? [] : result.problems.map((problem) => formatProblem(problem).replace(`${dir}/`, ''))
}

describe('units', () => {
  test.each([
    ['90s', 90_000],
    ['1h 30m', 5_400_000],
    ['1h30m', 5_400_000],
    ['250ms', 250],
    ['0.5s', 500],
    [' 2 d ', 172_800_000],
    ['1w', 604_800_000],
    ['90', 90_000],
    [1.5, 1500],
    [0, 0],
    ['', undefined],
    ['1x', undefined],
    ['-1s', undefined],
    ['s', undefined],
    ['1 2', undefined],
    ['1h nonsense', undefined],
    [-1, undefined],
    ['9999999w', undefined],
  ])('duration %j is %j ms', (text, ms) => expect(parseDuration(text)).toBe(ms))

  test.each([
    ['64M', 67_108_864],
    ['1.5 GiB', 1_610_612_736],
    ['10kb', 10_240],
    ['7', 7],
    ['7B', 7],
    [4096, 4096],
    ['-1', undefined],
    ['1X', undefined],
    ['', undefined],
  ])('size %j is %j bytes', (text, bytes) => expect(parseSize(text)).toBe(bytes))

  test('a formatted duration reads back', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e12 }), (ms) => {
        expect(parseDuration(formatDuration(ms))).toBe(ms)
      }),
    )
  })
})

test('the near word', () => {
  const keys = ['handler', 'max_attempts', 'slots', 'settle', 'env']
  expect(nearest('handlr', keys)).toBe('handler')
  expect(nearest('maxAttempts', keys)).toBe('max_attempts')
  expect(nearest('max-atempts', keys)).toBe('max_attempts')
  expect(nearest('solts', keys)).toBe('slots')
  expect(nearest('color', keys)).toBeUndefined()
})

describe('a queue', () => {
  test('has a default for every key', () => {
    const result = loadQueueConfig(dir)
    expect(result).toMatchObject({
      kind: 'ok',
      config: {
        handler: ['./handler'],
        execPrefix: [],
        env: {},
        slots: availableParallelism(),
        settle: 1000,
        marker: undefined,
        policy: {
          maxAttempts: 15,
          retry: { limit: 0, backoff: 'exponential', base: 10_000 },
          rescheduleAfter: 60_000,
          exitCodes: { '75': 'reschedule' },
        },
        dup: false,
        maxLog: 67_108_864,
        termTimeout: 4000,
        durability: 'group',
        dirs: { que: 'que', _err: '_err' },
        shared: false,
      },
    })
  })

  test('has limits where somebody sets them, and 0 takes one back', () => {
    const root = { warmWorkers: 1, pools: [], http: {}, queue: { timeout: '1h', memory: '1G', silence: 5 } }
    write({ timeout: 0, memory: '512M', hold_when: { load_above: 8, memory_below: '10%', disk_below: '1G' } })
    const result = loadQueueConfig(dir, root)
    expect(result).toMatchObject({
      kind: 'ok',
      config: {
        limits: { timeout: undefined, cpu: undefined, memory: 512 * 1024 ** 2, silence: 5000 },
        holdWhen: {
          loadAbove: 8,
          memoryBelow: { share: 0.1 },
          diskBelow: { count: 1024 ** 3 },
          inodesBelow: undefined,
        },
      },
    })
  })

  test.each([
    ['7', 7000],
    ['0.5', 500],
    ['seven', 4000],
    ['-1', 4000],
  ])('waits from TERM to KILL as $RQ_TERM_TIMEOUT=%s says, where no file does', (given, ms) => {
    vi.stubEnv('RQ_TERM_TIMEOUT', given)
    expect(load({}).termTimeout).toBe(ms)
    expect(load({ term_timeout: '9s' }).termTimeout).toBe(9000)
    vi.unstubAllEnvs()
  })

  test('says how it differs', () => {
    const config = load({
      $schema: '../../docs/config.schema.json',
      handler: 'run.py',
      slots: 3,
      retry: { limit: 2, base: '5m' },
      exit_codes: { '3': 'done', '75': 'fail' },
      dirs: { que: 'working', done: 'resolved' },
      settle: 0,
      max_log: '1K',
    })
    expect(config.handler).toEqual(['./run.py'])
    expect(config.policy).toMatchObject({
      retry: { limit: 2, base: 300_000 },
      exitCodes: { '0': 'done', '3': 'done', '75': 'fail' },
    })
    expect(config).toMatchObject({ slots: 3, settle: 0, maxLog: 1024 })
    expect(config.dirs).toMatchObject({ que: 'working', run: 'run', done: 'resolved' })
  })

  test.each([
    ['/usr/bin/true', ['/usr/bin/true']],
    ['bin/my program', ['bin/my program']],
    ['~/x', ['~/x']],
    [
      ['python3', '-u', 'x.py'],
      ['python3', '-u', 'x.py'],
    ],
  ])('handler %j', (handler, argv) => expect(load({ handler }).handler).toEqual(argv))

  test('inherits from the root, key by key in objects', () => {
    write({
      warm_workers: 3,
      queue: { slots: 7, env: { A: '1', B: '1' }, retry: { limit: 4 }, exit_codes: { '9': 'done' } },
    })
    const root = loadRootConfig(dir)
    if (root.kind === 'bad') throw new Error('root')
    expect(root.config.warmWorkers).toBe(3)
    const config = load({ env: { B: '2' }, retry: { base: 1 } }, root.config)
    expect(config).toMatchObject({ slots: 7, env: { A: '1', B: '2' } })
    expect(config.policy).toMatchObject({ retry: { limit: 4, base: 1000 }, exitCodes: { '9': 'done', '0': 'done' } })
  })
})

describe('what is wrong names the file, the key and the fix', () => {
  const IO = { name: 'io', queues: ['critical', 'mail-*', '!low'], slots: 8 }
  test.each([
    [[IO, { ...IO, name: 'cpu' }], []],
    [[IO, IO], ['config.json: pools.1.name: "io" is taken (give each pool a name of its own)']],
    [[{ ...IO, slotz: 1 }], ['config.json: pools.0.slotz: is no known key (did you mean "slots"?)']],
    [[{ name: 'io', queues: ['a'] }], [expect.stringContaining('pools.0.slots')]],
    [[{ ...IO, slots: 0 }], [expect.stringContaining('pools.0.slots: must be a whole number from 1 to 10000')]],
    [[{ ...IO, queues: [] }], ['config.json: pools.0.queues: must name a queue (found 0)']],
    [[{ ...IO, queues: ['../x'] }], [expect.stringContaining('pools.0.queues.0: is no pattern')]],
    [[{ ...IO, queues: ['!'] }], [expect.stringContaining('pools.0.queues.0: is no pattern')]],
    [IO, [expect.stringContaining('pools: must be a list such as')]],
  ])('of the root: pools %j', (pools, expected) => {
    write({ pools })
    const root = loadRootConfig(dir)
    const problems = root.kind === 'bad' ? root.problems : []
    expect(problems.map((problem) => formatProblem(problem).replace(`${dir}/`, ''))).toEqual(expected)
    if (root.kind === 'ok') expect(root.config.pools).toEqual(pools)
  })

  test.each([
    [{ handlr: 'x' }, ['config.json: handlr: is no known key (did you mean "handler"?)']],
    [{ retry: { limt: 1 } }, ['config.json: retry.limt: is no known key (did you mean "limit"?)']],
    // What is known elsewhere was meant there, however like another key it is.
    [{ backoff: 'linear' }, ['config.json: backoff: is no known key (did you mean "retry.backoff"?)']],
    [
      { limits: { memory: '1G' } },
      ['config.json: limits.memory: is no known key (did you mean "memory", outside of any other?)'],
    ],
    [
      { retry: { exits: { '7': { limt: 1 } } } },
      [expect.stringMatching(/retry.exits.7.limt: is no known key \(did you mean "limit"/)],
    ],
    [{ retry: { exits: { '700': {} } } }, [expect.stringContaining('retry.exits.700: is no exit code')]],
    [{ retry: { exits: { '7': 3 } } }, [expect.stringContaining('retry.exits.7: must be an object')]],
    [
      { retry: { causes: { timeot: {} } } },
      [expect.stringContaining('retry.causes.timeot: is no known key (did you mean "timeout"?)')],
    ],
    [
      { retry: { causes: { lost: { queue: '' } } } },
      [expect.stringContaining('retry.causes.lost.queue: must not be empty')],
    ],
    [{ retry: { limit: -2 } }, [expect.stringContaining('retry.limit: must be a whole number from -1 to 1000')]],
    [{ retry: { delay: 1 } }, [expect.stringContaining('retry.delay: is no known key')]],
    [
      { retry: { backoff: 'quadratic' } },
      [expect.stringContaining('retry.backoff: must be "constant", "linear", "exponential"')],
    ],
    [{ retry: { backoff: [] } }, [expect.stringContaining('retry.backoff')]],
    [{ retry: { on_give_up: { relay: 'x' } } }, [expect.stringContaining('retry.on_give_up')]],
    [
      { retry: { on_give_up: 'drop' } },
      [expect.stringContaining('retry.on_give_up: must be "fail", or {"relay_to": QUEUE}')],
    ],
    [{ retry: { fatal: [0] } }, [expect.stringContaining('must be exit codes from 1 to 255')]],
    [
      { hold_when: { disk_below: '110%' } },
      [expect.stringContaining('hold_when.disk_below: must be a share or a size')],
    ],
    [{ hold_when: { load: 1 } }, [expect.stringContaining('hold_when.load: is no known key')]],
    [{ timeout: 'soon' }, [expect.stringContaining('timeout: must be a duration')]],
    [{ memory: '1 elephant' }, [expect.stringContaining('memory: must be a size')]],
    [{ slots: 0 }, ['config.json: slots: must be a whole number from 1 to 1000 (found 0)']],
    [{ slots: '4' }, [expect.stringMatching(/slots: must be a whole number from 1 to 1000, or a list .*found "4"/)]],
    [{ settle: '1 fortnight' }, ['config.json: settle: must be a duration, such as "90s" (found "1 fortnight")']],
    [{ max_log: [] }, ['config.json: max_log: must be a size, such as "64M" (found Array)']],
    [{ exit_codes: { '256': 'done' } }, [expect.stringContaining('exit_codes.256: is no exit code')]],
    [{ exit_codes: { '1': 'okay' } }, [expect.stringContaining('exit_codes.1: must be one of done, fail')]],
    [{ env: { 'A B': '' } }, [expect.stringContaining('env.A B: is no name')]],
    [{ handler: [] }, [expect.stringContaining('handler:')]],
    [{ handler: '' }, [expect.stringContaining('handler:')]],
    [{ dirs: { que: '../x' } }, [expect.stringContaining('dirs.que: must be one plain directory name')]],
    [{ dirs: { que: 'run' } }, [expect.stringContaining('dirs.run: "run" is used by the state que')]],
    [{ dirs: { _err: '_tmp' } }, [expect.stringContaining('dirs._err: "_tmp" is used by rqd itself')]],
    [{ marker: 'done' }, [expect.stringContaining('marker: must begin with a dot')]],
    [[], [expect.stringContaining('config.json: must be an object')]],
    ['{"slots": 4,\n}', [expect.stringMatching(/config.json: is not JSON: .*line 2, column 1/)]],
    ['', [expect.stringContaining('is not JSON')]],
  ])('%j', (content, expected) => expect(problems(content)).toEqual(expected))

  test('all of them at once', () => {
    expect(problems({ handlr: 'x', slotz: 1, slots: -1, retry: { limit: 'x', z: 1 } })).toHaveLength(5)
  })

  test('a link is not followed, a directory not read, a large file not swallowed', () => {
    symlinkSync('/etc/passwd', join(dir, 'config.json'))
    expect(loadQueueConfig(dir)).toMatchObject({ kind: 'bad', problems: [{ problem: 'is a symbolic link' }] })
    rmSync(join(dir, 'config.json'))
    mkdirSync(join(dir, 'config.json'))
    expect(loadQueueConfig(dir)).toMatchObject({
      kind: 'bad',
      problems: [{ problem: expect.stringContaining('no regular') }],
    })
    rmSync(join(dir, 'config.json'), { recursive: true })
    write(' '.repeat(1024 * 1024 + 1))
    expect(loadQueueConfig(dir)).toMatchObject({
      kind: 'bad',
      problems: [{ problem: expect.stringContaining('1 MiB') }],
    })
  })

  test('whatever stands there, the answer is a configuration or problems', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        write(JSON.stringify(value))
        const result = loadQueueConfig(dir)
        if (result.kind === 'bad') expect(result.problems.length).toBeGreaterThan(0)
      }),
      { numRuns: 200 },
    )
  })
})

test('the root: --root, $RQ_ROOT, default', () => {
  expect(resolveRoot('/a/b/', {})).toBe('/a/b')
  expect(resolveRoot(undefined, { RQ_ROOT: '/c' })).toBe('/c')
  expect(resolveRoot('/a', { RQ_ROOT: '/c' })).toBe('/a')
  expect(resolveRoot(undefined, {})).toMatch(/^\/var\/spool\/rqd$|\.local\/state\/rqd$/)
})

describe('hooks and the user of handlers', () => {
  test('are read into what the program uses', () => {
    const { hooks, runAs } = load({
      ...{ hooks: { timeout: '5m' }, user: 4711, group: '0', umask: '027', no_new_privs: true },
      limits: { nofile: 64, as: '1G', core: 'unlimited' },
    })
    expect(hooks).toEqual({ timeout: 300_000 })
    const limits = { nofile: 64, as: 1024 ** 3, core: 'unlimited' }
    expect(runAs).toEqual({ user: '4711', group: '0', umask: '027', noNewPrivs: true, limits })
  })
  test('are off by default', () => {
    const { hooks, runAs } = load({})
    expect(hooks).toEqual({ timeout: 60_000 })
    expect(runAs).toEqual({ user: undefined, group: undefined, umask: undefined, noNewPrivs: false, limits: {} })
  })
  test.each([
    [{ user: 'no-such-user' }, 'config.json: user: there is no user no-such-user (adduser, or correct it)'],
    [{ group: 'no-such-group' }, 'config.json: group: there is no group no-such-group (addgroup, or correct it)'],
    [{ user: '-x' }, 'config.json: user: must be a name or a number, such as "www-data" (found "-x")'],
    [{ umask: '29' }, 'config.json: umask: must be an octal number as a text, such as "027" (found "29")'],
    [{ limits: { nofile: -1 } }, 'config.json: limits.nofile: must be a whole number or "unlimited", such as 1024'],
    [{ limits: { files: 1 } }, 'config.json: limits.files: is no known key'],
    [{ hooks: { before: './x' } }, 'config.json: hooks.before: is no known key (known keys: timeout)'],
    [{ dirs: { que: 'hooks' } }, 'config.json: dirs.que: "hooks" is used by rqd itself (give it a name of its own)'],
  ])('%j is a mistake', (content, says) => {
    expect(problems(content)[0]).toContain(says)
  })
})

describe('numbers that no double holds', () => {
  const LONG = '9007199254740993'
  test('are doubles where they are reckoned with, and stay what they are in parameters', () => {
    const config = load(`{
      "settle": 1.50000000000000000000,
      "slots": [{"tags": ["a"], "n": 2.0000000000000000000}],
      "hold_when": {"load_above": 0.1234567890123456789},
      "schedules": {"s": {"by_hand": true, "priority": 3.0000000000000000000, "params": {"x": [${LONG}]}}}
    }`)
    expect(config.settle).toBe(1500)
    expect(config.flow?.classes.map(({ n }) => n)).toEqual([2])
    expect(config.schedules[0]?.priority).toBe(3)
    expect(config.schedules[0]?.msg).toEqual({ params: { x: [new ExactNumber(LONG)] } })
  })
  test('are wrong where a number is too much', () => {
    expect(problems(`{"slots": ${LONG}}`)).toHaveLength(1)
    expect(problems(`{"nonsense": ${'['.repeat(50_000)}${LONG}${']'.repeat(50_000)}}`)).toHaveLength(1)
  })
  test('in a key that looks like a prototype', () => {
    const withNumber = (number: string) =>
      problems(`{"__proto__": ${number}, "env": {"__proto__": ${number}, "A": ${number}}}`)
    expect(withNumber(LONG).length).toBeGreaterThan(0)
    expect(withNumber(LONG)).toEqual(
      withNumber('7').map((problem) => problem.replace('found 7', 'found 9007199254740992')),
    )
  })
})
