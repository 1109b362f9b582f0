/** A watch is a hint: what people say by files is heard without any, only later. */
import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { makeQueue, startDaemon, tempRoot } from '../helpers/daemon.ts'
import { rq } from '../helpers/rq.ts'
import { workersOf } from '../helpers/rqd.ts'
import { until } from '../helpers/until.ts'
import { openQueue } from '../helpers/worker.ts'

const OWN_NAMESPACE = 'unshare --user --map-root-user'
const NO_WATCHES = 'echo 0 > /proc/sys/user/max_inotify_instances'
const tried = spawnSync('sh', ['-c', `${OWN_NAMESPACE} sh -c '${NO_WATCHES}'`])

/** A node that may watch nothing, and neither may its children. */
function blindNode(root: string): string {
  const path = join(root, 'blind-node')
  const exec = `exec ${OWN_NAMESPACE} sh -c '${NO_WATCHES}; exec "$0" "$@"'`
  writeFileSync(path, `#!/bin/sh\n${exec} ${process.execPath} "$@"\n`)
  chmodSync(path, 0o755)
  return path
}

/** By a rename, as an editor does it. */
function write(path: string, text: string): void {
  writeFileSync(`${path}.new`, text)
  renameSync(`${path}.new`, path)
}

describe.skipIf(tried.status !== 0)('without a single watch', () => {
  test('a restart is obeyed, a flag is seen, and a configuration is read', { timeout: 90_000 }, async () => {
    const root = tempRoot()
    const queue = openQueue(makeQueue(root, 'q', undefined, { slots: 1 }))
    writeFileSync(join(queue.path, '_paused'), '')
    const held = queue.drop()
    const daemon = await startDaemon(root, { execPath: blindNode(root), env: { RQD_LOG_LEVEL: 'debug' } })
    const before = await until(() => workersOf(daemon.pid).get('q'))
    await until(() => queue.events('disk-trouble').some(({ operation }) => operation === 'watch'))

    const said = await rq(root, ['restart', 'q', '--json'])
    expect(said).toMatchObject({ code: 0, stderr: '' })
    expect(JSON.parse(said.stdout)).toMatchObject({ did: 'restarted', before })
    expect(workersOf(daemon.pid).get('q')).not.toBe(before)
    expect(existsSync(join(queue.path, '_restart'))).toBe(false)

    const slots = () => queue.events('config-loaded').at(-1)?.['slots']
    expect(queue.stateOf(held)).toBe('que')
    write(join(queue.path, 'config.json'), '{"slots": 3}')
    rmSync(join(queue.path, '_paused'))
    await until(() => slots() === 3, 20_000, 'the configuration of the queue is read')
    expect(await queue.settled(held, 20_000)).toBe('done')
    write(join(root, 'config.json'), '{"queue": {"max_attempts": 7}}')
    await until(() => daemon.events().some(({ kind }) => kind === 'reloading'), 20_000, 'that of the root is read')

    await daemon.stop()
  })
})
