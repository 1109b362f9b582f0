// A worker that has worked and now rests: the memory that it shares with nobody.
import { fork } from 'node:child_process'
import { onExit } from '../lib/cleanup.mjs'
import { sleep } from '../lib/clock.mjs'
import { Daemon, makeRoot } from '../lib/daemon.mjs'
import { memory } from '../lib/proc.mjs'
import { Queue } from '../lib/queue.mjs'
import { limitRow } from '../lib/rows.mjs'
import { besideNode } from '../lib/tools.mjs'

// Siblings share the pages of Node itself; with one process alone those would count as its own.
const SIBLINGS = 5
// V8 gives memory back only after it has seen some quiet.
const REST_MS = 30_000
const SOON_MS = 5_000

export async function measure(ctx) {
  const root = makeRoot(ctx, 'rest')
  const queues = Array.from({ length: SIBLINGS }, (_, i) => new Queue(ctx, root, `q${i}`, { handler: '/bin/true' }))
  const daemon = new Daemon(ctx, root)
  await daemon.wake(...queues)
  for (const queue of queues) await queue.runItems(200)
  const bare = await forkBare(root)
  const workers = []
  for (const queue of queues) workers.push(await daemon.workerOf(queue))

  await sleep(SOON_MS)
  const soon = workers.map((pid) => memory(pid).own)
  await sleep(REST_MS - SOON_MS)
  const ours = workers.map((pid) => memory(pid).own)
  const theirs = bare.map(({ pid }) => memory(pid).own)
  const cpu = (await daemon.cpuShare(ctx.quick ? 5000 : 20_000)) * 100
  for (const { stop } of bare) stop()
  await daemon.stop()
  return [
    limitRow({
      work: `a worker at rest for ${REST_MS / 1000} s, of ${SIBLINGS}: private memory`,
      beside: 'a bare forked Node',
      ours,
      theirs,
      unit: 'MB',
      floor: 16,
      goal: 10,
    }),
    limitRow({
      work: `${SOON_MS / 1000} s after its last item`,
      beside: 'a bare forked Node',
      ours: soon,
      theirs,
      unit: 'MB',
    }),
    limitRow({ work: `CPU of the daemon with ${SIBLINGS} workers at rest`, ours: [cpu], unit: '%' }),
  ]
}

function forkBare(root) {
  return Promise.all(
    Array.from({ length: SIBLINGS }, async () => {
      const child = fork(besideNode('bare-child.mjs'), [root])
      const stop = onExit(() => child.kill('SIGKILL'))
      await new Promise((resolve) => child.once('message', resolve))
      return { pid: child.pid, stop }
    }),
  )
}
