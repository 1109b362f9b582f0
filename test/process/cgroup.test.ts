/**
 * Memory cgroups of slots. They are made beside or below the cgroup that the tests run in, which may be somebody's who counts on
 * what is in it: so only where RQD_TEST_CGROUP=1 says that it is ours.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { cgroupHome, parseCgroupName } from '../../src/domain/cgroup.ts'
import { cgroupFacts, mayMakeCgroups } from '../../src/os/cgroup.ts'
import { groupIsAlive } from '../../src/os/process.ts'
import { addHook } from '../helpers/hooks.ts'
import { until } from '../helpers/until.ts'
import { startWorker, type TestQueue, testQueue } from '../helpers/worker.ts'

const facts = cgroupFacts('self')
const answer = facts === undefined ? undefined : cgroupHome(facts.cgroup, facts.mountinfo)
const home = answer?.kind === 'home' && mayMakeCgroups(answer.home.dir) ? answer.home.dir : ''
const isAllowed = home !== '' && process.env['RQD_TEST_CGROUP'] === '1'

/** Takes as many MiB as param1 says, and ends: long before anybody looks. */
const HOG = `#!/bin/sh\nexec perl -e '$x = "x" x ($ARGV[0] * 1024 * 1024)' "$RQ_PARAM1"\n`
/** The same, when it is told to. */
const GATED = HOG.replace('\n', '\necho began\nwhile [ ! -e ../go ]; do sleep 0.02; done\n').replace('exec ', '')
const KILLED = 'memory: the kernel killed a process of it for want of memory, of which it may have 64 MiB'

const ours = ({ path }: TestQueue) =>
  readdirSync(home).filter((name) => parseCgroupName(name)?.queue === statSync(path).ino)
const began = (queue: TestQueue, id: string) => queue.log(id).includes('began')
const slotOf = (queue: TestQueue, id: string) =>
  Number(/\n# (\d+) /.exec(readFileSync(join(queue.dirOf(id), 'attempt.1'), 'latin1'))?.[1])
const SMALL = { memory: '64M', slots: 1 }
/** From now on a worker that looks sees nothing amiss; what runs has the limit that it began with. */
async function lookAway(queue: TestQueue, config: object = SMALL): Promise<void> {
  writeFileSync(join(queue.path, 'config.json'), JSON.stringify({ ...config, memory: '1G' }))
  await until(() => queue.events('config-loaded').length > 0)
}
const open = (queue: TestQueue, id: string, gate = 'go') => writeFileSync(join(queue.dirOf(id), gate), '')

/** node, where no cgroup can be made or changed. */
const READ_ONLY = `#!/bin/sh
exec unshare --mount sh -ec '
  mount --make-rprivate /
  points=$(awk "/ - cgroup2? /{ print \\$5 }" /proc/self/mountinfo)
  for point in $points; do
    mount -o remount,bind,ro "$point"
    if [ -w "$point" ]; then exit 1; fi
  done
  exec "$0" "$@"' ${process.execPath} "$@"
`
const mayUnshare = spawnSync('unshare', ['--mount', 'true']).status === 0

it('where none can be made the reason is said once, and items run', { skip: !mayUnshare }, async () => {
  const queue = testQueue('#!/bin/sh\nexit 0\n', { memory: '64M', slots: 2 })
  const node = join(queue.path, 'node')
  writeFileSync(node, READ_ONLY, { mode: 0o755 })
  const worker = await startWorker(queue.path, { execPath: node })
  const ids = Array.from({ length: 6 }, () => queue.send({}))
  for (const id of ids) expect(await queue.settled(id)).toBe('done')
  await worker.stop()
  expect(queue.events('cgroup-unavailable')).toMatchObject([{ level: 'info', why: expect.stringMatching(/./) }])
})

describe.skipIf(!isAllowed)('in the memory cgroup of its slot (RQD_TEST_CGROUP=1, where one can be made)', () => {
  const litter: string[] = []
  afterEach(() => {
    for (const path of litter.splice(0)) rmSync(path, { force: true })
  })

  it('what is over the limit between two looks is ended, and memory is the cause for its retry', async () => {
    const config = { ...SMALL, slots: 3, retry: { causes: { memory: { limit: 1, base: 0 } } } }
    const queue = testQueue(GATED.replace('\n', '\n[ -n "$RQ_PARAM1" ] || exit 1\n'), config)
    const worker = await startWorker(queue.path)
    const [fat, thin, bad] = [queue.send({ param1: '300' }), queue.send({ param1: '8' }), queue.send({})]
    await until(() => began(queue, fat) && began(queue, thin))
    await lookAway(queue, config)
    for (const id of [fat, thin]) open(queue, id)
    // Its second run has the limit that holds by then.
    expect(await queue.settled(fat)).toBe('done')
    expect(await queue.settled(thin)).toBe('done')
    expect(await queue.settled(bad)).toBe('_err')
    expect(queue.attempts(fat)).toMatchObject([
      { n: 1, cause: 'memory', verdict: 'reschedule', exit: 137, text: KILLED },
      { n: 2, verdict: 'done' },
    ])
    expect(queue.attempts(thin)).toMatchObject([{ verdict: 'done' }])
    expect(queue.attempts(bad)).toMatchObject([{ verdict: 'fail', exit: 1 }])
    expect(queue.attempts(bad)[0]).not.toHaveProperty('cause')
    await worker.stop()
    expect(queue.events('memory-kill')).toMatchObject([{ id: fat, attempt: 1 }])
    expect([queue.events('limit-exceeded'), queue.events('slot-lost')]).toEqual([[], []])
  })

  it('an item that comes through although a process of it was killed is done, and the next one is not blamed for it', async () => {
    const queue = testQueue(GATED.replace('\n', '\n[ -n "$RQ_PARAM1" ] || exit 1\n').concat('exit 0\n'), SMALL)
    const worker = await startWorker(queue.path)
    const [first, second] = [queue.send({ param1: '300' }), queue.send({})]
    await until(() => began(queue, first))
    await lookAway(queue)
    open(queue, first)
    expect(await queue.settled(first)).toBe('done')
    expect(await queue.settled(second)).toBe('_err')
    for (const id of [first, second]) expect(queue.attempts(id)[0]).not.toHaveProperty('cause')
    await worker.stop()
    expect(queue.events('memory-kill')).toMatchObject([{ id: first }])
  })

  it('a handler that calls itself broken for want of memory does not stop its queue', async () => {
    const queue = testQueue(GATED.concat('[ $? -eq 0 ] || exit 78\n'), SMALL)
    const worker = await startWorker(queue.path)
    const id = queue.send({ param1: '300' })
    await until(() => began(queue, id))
    await lookAway(queue)
    open(queue, id)
    expect(await queue.settled(id)).toBe('_err')
    expect(queue.attempts(id)).toMatchObject([{ cause: 'memory', exit: 78, text: KILLED }])
    await worker.stop()
    expect(queue.events('handler-broken')).toEqual([])
  })

  it('a run that was adopted keeps its limit, and its end is known for what it was', async () => {
    const queue = testQueue(GATED, { memory: '64M' })
    const first = await startWorker(queue.path)
    const [seen, unseen] = [queue.send({ param1: '300' }), queue.send({ param1: '300' })]
    await until(() => began(queue, seen) && began(queue, unseen))
    await first.kill()
    open(queue, unseen)
    await until(() => readFileSync(join(queue.dirOf(unseen), 'attempt.1'), 'latin1').startsWith('#137'))
    writeFileSync(join(queue.path, 'config.json'), JSON.stringify({ memory: '1G' }))
    const second = await startWorker(queue.path)
    open(queue, seen)
    expect([await queue.settled(seen), await queue.settled(unseen)]).toEqual(['_err', '_err'])
    expect(queue.attempts(seen)).toMatchObject([{ n: 1, cause: 'memory', exit: 137, text: KILLED }])
    expect(queue.attempts(unseen)).toMatchObject([{ n: 1, cause: 'memory', exit: 137, text: KILLED }])
    await second.stop()
    expect(queue.events('item-adopted')).toMatchObject([{ id: seen }])
  })

  it('a kill that takes the slot along is no lost attempt', async () => {
    const queue = testQueue(GATED, SMALL)
    const worker = await startWorker(queue.path)
    const id = queue.send({ param1: '300' })
    await until(() => began(queue, id))
    await lookAway(queue)
    process.kill(slotOf(queue, id), 'SIGKILL')
    await until(() => queue.events('slot-lost').length > 0)
    open(queue, id)
    expect(await queue.settled(id)).toBe('_err')
    expect(queue.attempts(id)).toMatchObject([{ n: 1, cause: 'memory', verdict: 'fail', text: KILLED }])
    await worker.stop()
  })

  it('one that fills it with files in memory is ended, whichever process the kernel picks for that', async () => {
    const file = `/dev/shm/rqd-test-${process.pid}`
    litter.push(file)
    const queue = testQueue(`#!/bin/sh\nexec head -c 300000000 /dev/zero > "${file}"\n`, { memory: '64M' })
    const worker = await startWorker(queue.path)
    const id = queue.send({})
    expect(await queue.settled(id)).toBe('_err')
    expect(queue.attempts(id)).toMatchObject([{ n: 1, cause: 'memory', verdict: 'fail', text: KILLED }])
    await worker.stop()
    expect(queue.events('memory-kill')).toMatchObject([{ id, attempt: 1 }])
  })

  it('an item has the limit of its own policy, and the next one that of the queue', async () => {
    const queue = testQueue(HOG, { memory: '64M', slots: 1 })
    const worker = await startWorker(queue.path)
    const runs: [param1: string, policy: object, state: string][] = [
      ['200', { memory: '400M' }, 'done'],
      ['200', {}, '_err'],
      ['30', {}, 'done'],
      ['30', { memory: '20M' }, '_err'],
      ['200', { memory: 0 }, 'done'],
      ['200', {}, '_err'],
    ]
    for (const [param1, policy, state] of runs) {
      const id = queue.send({ param1, policy })
      expect(await queue.settled(id)).toBe(state)
      if (state === '_err') expect(queue.attempts(id)).toMatchObject([{ cause: 'memory' }])
    }
    await worker.stop()
    expect(queue.events('cgroup-unavailable')).toEqual([])
  })

  it('what was killed stays known while its hooks run, though its slot is gone and its worker dies', async () => {
    const queue = testQueue(GATED, SMALL)
    addHook(queue.path, 'error', 'while [ ! -e ../go-on ]; do sleep 0.05; done')
    const first = await startWorker(queue.path)
    const id = queue.send({ param1: '300' })
    await until(() => began(queue, id))
    await lookAway(queue)
    open(queue, id)
    await until(() => queue.events('memory-kill').length > 0)
    await until(() => !groupIsAlive(slotOf(queue, id)))
    const next = queue.send({ param1: '1' })
    await until(() => began(queue, next))
    await first.kill()
    const second = await startWorker(queue.path)
    open(queue, id, 'go-on')
    open(queue, next)
    expect(await queue.settled(id)).toBe('_err')
    expect(await queue.settled(next)).toBe('done')
    expect(queue.attempts(id)).toMatchObject([{ n: 1, cause: 'memory', exit: 137, text: KILLED }])
    await second.stop()
    expect(ours(queue)).toEqual([])
  })

  it('a limit that no program can keep ends the program, not its slot', async () => {
    const queue = testQueue(HOG, { memory: '1K', slots: 1 })
    const worker = await startWorker(queue.path)
    const ids = [queue.send({ param1: '50' }), queue.send({ param1: '50' })]
    for (const id of ids) {
      expect(await queue.settled(id)).toBe('_err')
      expect(queue.attempts(id)).toMatchObject([{ n: 1, cause: 'memory', verdict: 'fail' }])
    }
    await worker.stop()
    expect(queue.events('slot-lost')).toEqual([])
  })

  it('files that earlier runs left in memory are no burden to the next one', async () => {
    const mark = `/dev/shm/rqd-test-${process.pid}`
    const script = `#!/bin/sh\nexec head -c 16777216 /dev/zero > "${mark}-$RQ_PARAM1"\n`
    const queue = testQueue(script, { memory: '64M', slots: 1 })
    const worker = await startWorker(queue.path)
    for (let n = 0; n < 8; n += 1) {
      litter.push(`${mark}-${n}`)
      expect(await queue.settled(queue.send({ param1: String(n) }))).toBe('done')
    }
    await worker.stop()
    expect(queue.events('memory-kill')).toEqual([])
  })

  it('is removed with its slot, also after kill -9 of the worker, and nothing else is', async () => {
    const foreign = [join(home, 'rqd-slot-of-somebody'), join(home, `rqd-slot-${process.pid}-1`)]
    for (const dir of foreign) mkdirSync(dir)
    try {
      const queue = testQueue(GATED, { memory: '64M', slots: 2 })
      const first = await startWorker(queue.path)
      const id = queue.send({ param1: '1' })
      await until(() => began(queue, id))
      const slot = slotOf(queue, id)
      const made = () => ours(queue).filter((name) => parseCgroupName(name)?.pid === slot)
      expect(made()).toHaveLength(1)
      await first.kill()
      open(queue, id)
      await until(() => !groupIsAlive(slot))
      expect(made()).toHaveLength(1)
      const second = await startWorker(queue.path)
      expect(await queue.settled(id)).toBe('done')
      await second.stop()
      expect(ours(queue)).toEqual([])
      for (const dir of foreign) expect(existsSync(dir)).toBe(true)
    } finally {
      for (const dir of foreign) rmdirSync(dir)
    }
  })

  it.each([
    ['cgroup is never', { memory: '64M', cgroup: 'never' }],
    ['the queue has no limit', {}],
  ])('none is made where %s', async (_, config) => {
    const queue = testQueue(HOG, config)
    const worker = await startWorker(queue.path)
    expect(await queue.settled(queue.send({ param1: '100' }))).toBe('done')
    expect(ours(queue)).toEqual([])
    await worker.stop()
  })
})
