/** Handlers that fork, flood, kill and remove; daemons and workers that are killed and stopped under them. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, renameSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { isAlive, processes, processStat } from '../../src/os/process.ts'
import { handler, parseRecord } from '../fixtures/handlers.ts'
import { kill, makeQueue, startDaemon, tempRoot } from '../helpers/daemon.ts'
import { removeWhileWritten } from '../helpers/remove.ts'
import { rqd, workersOf } from '../helpers/rqd.ts'
import { until } from '../helpers/until.ts'
import { openQueue, startWorker, type TestQueue, testQueue } from '../helpers/worker.ts'

describe('daemons that die', () => {
  test('a handler that kills the daemon and its worker is adopted by the next one, and runs once', async () => {
    const { root, queue } = daemonQueue(handler('kills-daemon.sh'))
    const first = await startDaemon(root)
    const id = queue.send({ param1: '1', param2: '1' })
    expect(await first.ended).toEqual({ code: null, signal: 'SIGKILL' })
    const second = await startDaemon(root)
    expect(await queue.settled(id)).toBe('done')
    expect(queue.attempts(id)).toHaveLength(1)
    await second.stop()
  })

  test('kill -9 of the daemon, of the workers, of both, again and again: no two runs at once, none too many', async () => {
    const record = join(tempRoot(), 'record')
    const config = { slots: 4, env: { RECORD: record } }
    const { root, queue } = daemonQueue(handler('records-overlap.sh'), config)
    const ids = Array.from({ length: 60 }, () => queue.send({ param1: '0.1' }))
    for (const victims of [['daemon'], ['worker'], ['worker', 'daemon'], ['daemon', 'worker'], ['daemon']]) {
      const daemon = await startDaemon(root)
      const done = queue.names('done').length
      const worker = await until(() => workersOf(daemon.pid).get('q'))
      await until(() => queue.names('done').length > done + 3)
      for (const victim of victims) kill(victim === 'daemon' ? daemon.pid : worker, 'SIGKILL')
      if (victims.includes('daemon')) await daemon.ended
      else await daemon.stop('SIGUSR2')
    }
    const last = await startDaemon(root)
    for (const id of ids) expect(await queue.settled(id, 40_000)).toBe('done')
    const runs = parseRecord(readFileSync(record, 'utf8'))
    expect(runs.filter(({ what }) => what === 'overlap')).toEqual([])
    expect(runs.filter(({ what }) => what === 'start')).toHaveLength(ids.length)
    await last.stop()
  }, 90_000)

  test('an item that kills worker, slot and itself each time ends in _err/, and keeps no other from its turn', async () => {
    const { root, queue } = daemonQueue(sometimes(handler('kills-all.sh')), { max_attempts: 3, slots: 2 })
    const daemon = await startDaemon(root)
    const poison = queue.send({ param2: 'poison' })
    const others = Array.from({ length: 10 }, () => queue.send({}))
    for (const id of others) expect(await queue.settled(id, 40_000)).toBe('done')
    expect(await queue.settled(poison, 40_000)).toBe('_err')
    expect(queue.attempts(poison).map(({ cause }) => cause)).toEqual(['lost', 'lost', 'lost'])
    await daemon.stop()
  }, 90_000)

  test('a daemon that is stopped (SIGSTOP) keeps its root: nobody else starts, nothing runs twice', async () => {
    const record = join(tempRoot(), 'record')
    const { root, queue } = daemonQueue(handler('records-overlap.sh'), { env: { RECORD: record } })
    const daemon = await startDaemon(root)
    const worker = await until(() => workersOf(daemon.pid).get('q'))
    for (const pid of [daemon.pid, worker]) kill(pid, 'SIGSTOP')
    const ids = [queue.send({}), queue.send({})]
    expect(await rqd('start', '--root', root)).toMatchObject({ code: 75 })
    expect(ids.map((id) => queue.stateOf(id))).toEqual(['que', 'que'])
    for (const pid of [worker, daemon.pid]) kill(pid, 'SIGCONT')
    for (const id of ids) expect(await queue.settled(id)).toBe('done')
    expect(parseRecord(readFileSync(record, 'utf8'))).toHaveLength(4)
    await daemon.stop()
  })
})

describe('handlers that leave something behind', () => {
  test('children that hold stdout, ignore TERM, or left the group, by the dozen: the item ends at once, they soon', async () => {
    const program = `#!/bin/sh
n=0
while [ $n -lt 12 ]; do
  n=$((n + 1))
  sleep 300 & echo $! >> pids
  sh -c 'trap "" TERM; echo $$ >> pids; while :; do sleep 1; done' &
  setsid sh -c 'echo $$ >> pids; exec sleep 300' &
done
while [ "$(wc -l < pids)" -lt 36 ]; do sleep 0.01; done
`
    const { root, queue } = daemonQueue(program, { slots: 1 })
    const daemon = await startDaemon(root)
    const id = queue.send({})
    expect(await queue.settled(id)).toBe('done')
    const left = readFileSync(join(queue.dirOf(id), 'job/pids'), 'utf8')
      .trim()
      .split('\n')
      .map(Number)
    expect(left).toHaveLength(36)
    const living = () => left.filter((pid) => !['Z', undefined].includes(processStat(pid)?.state))
    await until(() => living().length === 0, 20_000)
    await until(() => queue.events('leftover-killed').some((event) => event['escaped'] === true))
    expect(await queue.settled(queue.send({}), 20_000)).toBe('done')
    await daemon.stop()
  })

  test('one that ignores TERM or stopped itself holds up the end of the daemon no longer than term_timeout', async () => {
    const { root, queue } = daemonQueue(sometimes(handler('ignores-term.sh'), handler('stops-itself.sh')), {
      term_timeout: 0.3,
    })
    const daemon = await startDaemon(root)
    const ids = [queue.send({ param2: 'poison', param1: '60' }), queue.send({ param1: '60' })]
    await until(() =>
      ids.every((id) => queue.stateOf(id) === 'run' && /run (?:deaf|stopping)/.test(attempt(queue, id))),
    )
    expect(await daemon.stop('SIGTERM', 8000)).toEqual({ code: 0, signal: null })
    for (const id of ids) expect(queue.stateOf(id)).toBe('que')
    for (const id of ids) expect(queue.attempts(id)).toMatchObject([{ cause: 'shutdown', free: true }])
    expect(processes().filter(({ pid }) => cwdOf(pid).startsWith(root))).toEqual([])
  })

  test('what is written to fd 3 after the exit does not count', async () => {
    const queue = testQueue(handler('late-writer.sh'))
    const worker = await startWorker(queue.path)
    const id = queue.send({ param1: '0' })
    expect(await queue.settled(id)).toBe('done')
    await worker.stop()
  })
})

describe('handlers that flood', () => {
  test('the log: it stays within max_log, with its beginning and its end', async () => {
    const queue = testQueue(`#!/bin/sh\necho the beginning\n'${handler('floods-log.sh')}'\necho the end\n`, {
      max_log: '1M',
    })
    const worker = await startWorker(queue.path)
    const id = queue.send({ param1: '104857600' })
    expect(await queue.settled(id)).toBe('done')
    expect(statSync(join(queue.dirOf(id), 'job/stdio.log')).size).toBeLessThan(1_200_000)
    expect(queue.log(id)).toMatch(/the beginning[\s\S]*rqd: cut here[\s\S]*the end/)
    await worker.stop()
  })

  test('fd 3: the first verdict counts, and what cannot be read is no success', async () => {
    const program = `#!/bin/sh
case $RQ_PARAM2 in
  many) '${handler('floods-status.sh')}' ;;
  early) echo 'fail early' >&3; yes 'run on' | head -c 20000000 >&3 ;;
  late) yes 'run on' | head -c 20000000 >&3; echo 'fail late' >&3 ;;
esac
`
    const queue = testQueue(program)
    const worker = await startWorker(queue.path)
    const [many, early, late] = ['many', 'early', 'late'].map((param2) => queue.send({ param1: '100000', param2 }))
    expect(await queue.settled(many ?? '')).toBe('done')
    expect(queue.attempts(many ?? '')[0]?.text).toBe('at last')
    expect(await queue.settled(early ?? '')).toBe('_err')
    expect(queue.attempts(early ?? '')[0]?.text).toBe('early')
    expect(await queue.settled(late ?? '')).toBe('_err')
    await worker.stop()
  })

  test('fd 3, under a worker that dies: it is adopted all the same, and runs once', async () => {
    const queue = testQueue(`#!/bin/sh\necho start\nyes 'run on' | head -c 20000000 >&3\nsleep 2\n`)
    const first = await startWorker(queue.path)
    const id = queue.send({})
    await until(() => statSync(join(queue.path, 'run', id, 'attempt.1')).size > 19_000_000)
    await first.kill()
    const second = await startWorker(queue.path)
    await queue.settled(id)
    expect(queue.log(id).match(/^start$/gm)).toHaveLength(1)
    expect(queue.attempts(id)).toHaveLength(1)
    await second.stop()
  })
})

describe('what is removed under way', () => {
  test('an item by its own handler, or its job directory: the worker goes on', async () => {
    const gone = testQueue(handler('deletes-own-item.sh'))
    const bare = testQueue(handler('deletes-own-job-dir.sh'))
    const workers = [await startWorker(gone.path), await startWorker(bare.path)]
    const id = gone.send({})
    await until(() => gone.events('item-ended').some((event) => event['id'] === id))
    expect(gone.stateOf(id)).toBeUndefined()
    expect(await bare.settled(bare.send({}))).toBe('done')
    for (const worker of workers) {
      expect(isAlive(worker.pid, processStat(worker.pid)?.start ?? 0)).toBe(true)
      await worker.stop()
    }
  })

  test.each(['que', 'run', 'done', '_err', '_tmp', 'pause', 'relayed', 'prep'])(
    '%s/: it is made again',
    async (state) => {
      const queue = testQueue('#!/bin/sh\nexit $RQ_PARAM1\n', { slots: 2 })
      const worker = await startWorker(queue.path)
      await queue.settled(queue.send({}))
      removeWhileWritten(join(queue.path, state))
      if (state === 'que') mkdirSync(join(queue.path, 'que'))
      const ids = [queue.send({}), queue.send({ param1: '3' })]
      expect(await queue.settled(ids[0] ?? '', 30_000)).toBe('done')
      expect(await queue.settled(ids[1] ?? '', 30_000)).toBe('_err')
      expect(worker.process.exitCode).toBeNull()
      await worker.stop()
    },
  )

  test('run/ with what runs in it: that counts as taken away, and the next items run', async () => {
    const queue = testQueue(handler('sleeps.sh'), { slots: 2 })
    const worker = await startWorker(queue.path)
    const ids = [queue.send({ param1: '60' }), queue.send({ param1: '60' })]
    await until(() => ids.every((id) => queue.stateOf(id) === 'run' && existsSync(join(queue.dirOf(id), 'started.1'))))
    removeWhileWritten(join(queue.path, 'run'))
    await until(() => queue.events('item-ended').filter((event) => event['to'] === 'elsewhere').length === 2, 20_000)
    expect(await queue.settled(queue.send({ param1: '0' }), 30_000)).toBe('done')
    expect(worker.process.exitCode).toBeNull()
    await worker.stop()
  })

  test('a whole queue, with what runs in it: nothing of it runs on, and the others do', async () => {
    const { root, queue } = daemonQueue(handler('sleeps.sh'))
    const other = openQueue(makeQueue(root, 'other', '#!/bin/sh\n'))
    const daemon = await startDaemon(root)
    const id = queue.send({ param1: '600' })
    await until(() => queue.stateOf(id) === 'run' && existsSync(join(queue.dirOf(id), 'started.1')))
    removeWhileWritten(queue.path)
    await until(() => !workersOf(daemon.pid).has('q') && !sleeping('600'), 20_000)
    expect(await other.settled(other.send({}))).toBe('done')
    const again = openQueue(makeQueue(root, 'q', '#!/bin/sh\n'))
    expect(await again.settled(again.send({}))).toBe('done')
    await daemon.stop()
  })

  test('the directory of all queues: the daemon waits for it to come back', async () => {
    const { root, queue } = daemonQueue('#!/bin/sh\n')
    const daemon = await startDaemon(root)
    await queue.settled(queue.send({}))
    renameSync(join(root, 'queue'), join(root, 'elsewhere'))
    await until(() => !workersOf(daemon.pid).has('q'), 45_000)
    renameSync(join(root, 'elsewhere'), join(root, 'queue'))
    expect(await queue.settled(queue.send({}), 45_000)).toBe('done')
    expect(daemon.process.exitCode).toBeNull()
    await daemon.stop()
  }, 120_000)
})

function daemonQueue(program: string, config?: object): { root: string; queue: TestQueue } {
  const root = tempRoot()
  return { root, queue: testQueue(program, config, 'q', root) }
}

/** A handler that is the one program for items whose param2 is `poison`, and the other, or none, for the rest. */
function sometimes(poison: string, otherwise = '/bin/true'): string {
  return `#!/bin/sh\nif [ "$RQ_PARAM2" = poison ]; then exec '${poison}'; fi\nexec '${otherwise}'\n`
}

function attempt(queue: TestQueue, id: string): string {
  return readFileSync(join(queue.dirOf(id), 'attempt.1'), 'utf8')
}

function cwdOf(pid: number): string {
  return spawnSync('readlink', [`/proc/${pid}/cwd`], { encoding: 'utf8' }).stdout
}

function sleeping(seconds: string): boolean {
  return processes().some(({ pid }) => {
    const line = spawnSync('cat', [`/proc/${pid}/cmdline`], { encoding: 'utf8' }).stdout
    return line.startsWith(`sleep\0${seconds}\0`)
  })
}
