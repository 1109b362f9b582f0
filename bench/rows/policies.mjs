// No-op items end to end through queues that use one policy each, beside one that uses none.
import { copyFileSync, mkdirSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { Daemon, makeRoot } from '../lib/daemon.mjs'
import { endToEnd, Queue } from '../lib/queue.mjs'
import { ratioRow } from '../lib/rows.mjs'
import { inTurns } from '../lib/turns.mjs'

const NO_OP = '/bin/true'
// All items have this key, whether their queue asks for it or not: names of one length.
const KEY = ',+user:7'

const POLICIES = {
  retry: { work: 'retry with rules for exits and causes', config: { retry: retryRules() } },
  timeout: { work: 'a timeout', config: { timeout: '1h' } },
  limits: {
    work: 'timeout, memory and silence',
    config: { timeout: '1h', memory: '1G', cgroup: 'never', silence: '1h' },
  },
  before: { work: 'a hook before', hooks: ['before'] },
  after: { work: 'a hook after', hooks: ['after'] },
  hooks: { work: 'hooks before, success and after', hooks: ['before', 'success', 'after'] },
  concurrency: { work: 'concurrency by key, never reached', config: { concurrency: { user: 2 } } },
  rate: { work: 'a rate that is never reached', config: { rate: '10000/s' } },
  user: { work: 'another user', config: { user: 'nobody' }, needsRoot: true },
}

export async function measure(ctx) {
  const count = ctx.quick ? 1000 : 3000
  const used = Object.entries(POLICIES).filter(([, { needsRoot }]) => needsRoot !== true || process.getuid() === 0)
  const root = makeRoot(ctx, 'policies')
  const queues = Object.fromEntries(
    [['none', {}], ...used].map(([name, policy]) => [name, makeQueue(ctx, root, name, policy)]),
  )
  const daemon = new Daemon(ctx, root)
  await daemon.warmUp(...Object.values(queues))
  const contestants = Object.entries(queues).map(([name, queue]) => [name, () => endToEnd(ctx, queue, count, KEY)])
  const rates = await inTurns(ctx.rounds, Object.fromEntries(contestants))
  await daemon.stop()
  return used.map(([name, { work }]) =>
    ratioRow({
      work: `${count} no-op items, 2 slots: ${work}`,
      beside: 'itself without',
      ours: rates[name],
      theirs: rates.none,
      unit: '/s',
      better: 'more',
    }),
  )
}

/** Hooks are programs that do nothing: what is measured is that they are run. */
function makeQueue(ctx, root, name, { config = {}, hooks = [] }) {
  const dir = join(root, 'queue', name, 'hooks')
  if (hooks.length > 0) mkdirSync(dir, { recursive: true })
  for (const hook of hooks) copyFileSync(realpathSync(NO_OP), join(dir, hook))
  return new Queue(ctx, root, name, { handler: NO_OP, slots: 2, ...config })
}

function retryRules() {
  return { limit: 5, exits: { 1: { limit: 3 }, 3: { backoff: 'linear' } }, causes: { timeout: { limit: 1 } } }
}
