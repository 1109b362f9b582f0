/** `rq edit`: hold, change a copy, check it, put it back, release. */
import type { State } from '../domain/item.ts'
import { MAX_MSG_BYTES } from '../domain/msg.ts'
import { parseItemName } from '../domain/name.ts'
import { moveItem } from '../fsqueue/move.ts'
import { makeDir, stateDir } from '../fsqueue/place.ts'
import { loadNative } from '../os/native.ts'
import { type Answer, type Problem, problem, refuse } from './answer.ts'
import { bulkOptions, forEachMeant } from './bulk.ts'
import type { Context } from './context.ts'
import { type Changed, changeByHand, isSettable, rewrite, SETTABLE, withKeys, withMessage } from './edit-message.ts'
import { callName } from './item-ref.ts'
import type { Found } from './lookup.ts'
import { type Attempted, type Done, relocate } from './relocate.ts'
import { defineVerb } from './verb.ts'

export const edit = defineVerb({
  summary: 'change the messages of items that do not run',
  details:
    'A waiting item is held while $VISUAL or $EDITOR has a copy of its message, and released afterwards, changed or not. ' +
    'Several are edited one after the other, until the editor fails. Of a plain file the file itself is edited. What is no ' +
    'valid message is not put back. --set and --unset change messages without an editor: KEY is param1 to param4, param.NAME, ' +
    'src, dest, job_id, user_id or orig_msg_id. --message replaces the whole message of one item, but for its attempts, its ' +
    'result and what else rqd wrote; with --if-version only if nobody changed it since `rq show` told that version (exit 75).',
  arguments: {
    id: {
      type: 'item',
      summary: 'items that wait, are held, or failed',
      states: ['que', 'pause', '_err'],
      many: true,
      optional: true,
    },
  },
  options: {
    ...bulkOptions,
    set: { type: 'pair', summary: 'give a key a text, without an editor', many: true, value: 'KEY=TEXT' },
    unset: { type: 'text', summary: 'take a key away, without an editor', many: true, value: 'KEY' },
    message: { type: 'text', summary: '"-": the whole message of one item, JSON on stdin', value: '-' },
    'if-version': { type: 'text', summary: 'of one item, only if it is still this version', value: 'VERSION' },
  },
  examples: [
    { command: 'rq edit x7f2k9', says: 'with $EDITOR' },
    { command: "EDITOR='sed -i s/old/new/' rq edit x7f2k9", says: 'by a program' },
    { command: "rq edit mail --where 'param.user=7' --set param.user=8", says: 'all that match' },
  ],
  run: async (context, input): Promise<Answer<readonly Done[]>> => {
    const wrong = [...input.set.map(([key]) => key), ...input.unset].find((key) => !isSettable(key))
    if (wrong !== undefined) return refuse('usage', `--set and --unset know no "${wrong}": ${SETTABLE}`)
    const misuse = usageProblem(input)
    if (misuse !== undefined) return refuse('usage', misuse)
    const stop = new AbortController()
    const change = await changeOf(context, input, stop)
    if ('kind' in change) return { value: undefined, problems: [change] }
    const states: readonly State[] = ['que', 'pause', '_err']
    const either = { ...context, cancelled: AbortSignal.any([context.cancelled, stop.signal]) }
    // Each is put on the disk before the next is begun: a person may take hours over one.
    const act = (item: Found) => editOne(context, item, change)
    return forEachMeant(either, input, act, { states, preferred: ['que', 'pause'] })
  },
})

interface Given {
  readonly id: readonly string[]
  readonly where: string | undefined
  readonly set: readonly (readonly [string, string])[]
  readonly unset: readonly string[]
  readonly message: string | undefined
  readonly 'if-version': string | undefined
}

function usageProblem({ id, where, set, unset, message, 'if-version': version }: Given): string | undefined {
  const isOne = id.length === 1 && where === undefined
  const byKeys = set.length + unset.length > 0
  const rules: readonly (readonly [boolean, string])[] = [
    [message !== undefined && message !== '-', '--message takes "-": it is read from stdin'],
    [message !== undefined && byKeys, 'only one of --message and --set, --unset'],
    [(message !== undefined || version !== undefined) && !isOne, '--message and --if-version are for one item'],
    [version !== undefined && message === undefined && !byKeys, '--if-version goes with --message, --set or --unset'],
  ]
  return rules.find(([applies]) => applies)?.[1]
}

/** Stdin is read before anything is held for it. */
async function changeOf(context: Context, input: Given, stop: AbortController): Promise<Change | Problem> {
  const { set, unset, 'if-version': version } = input
  if (input.message !== undefined) {
    const text = await (await import('./stdin.ts')).readText(context, MAX_MSG_BYTES)
    if (typeof text === 'object') return text
    return (context, item) => rewrite(context, item, withMessage(text), version)
  }
  if (set.length === 0 && unset.length === 0) return (context, item) => changeByHand(context, item, stop)
  return (context, item) => rewrite(context, item, (msg) => withKeys(msg, set, unset), version)
}

type Change = (context: Context, item: Found) => Promise<Changed>

async function editOne(context: Context, item: Found, change: Change): Promise<Attempted<Done>> {
  const held = await holdFor(context, item)
  if (held === 'gone' || 'kind' in held) return held
  let outcome: Changed
  let left: Problem | undefined
  try {
    outcome = await change(context, held)
  } finally {
    if (item.at.state === 'que') left = await letGo(context, held)
  }
  if (typeof outcome === 'object' || outcome === 'gone') return outcome
  return left ?? { queue: item.queue.name, id: callName(held.at.raw), did: outcome }
}

/** While it is edited a waiting item lies in pause/, where no worker claims it. */
async function holdFor(context: Context, item: Found): Promise<Found | Problem | 'gone'> {
  const name = callName(item.at.raw)
  switch (item.at.state) {
    case 'que': {
      const { due } = parseItemName(item.at.raw)
      makeDir(stateDir(item.queue.dir, 'pause'))
      const how = { now: context.now(), newId: context.newId, native: await loadNative() }
      const moved = moveItem(item.queue.dir, item.at, { state: 'pause', due }, how)
      return moved.kind === 'moved' ? { ...item, at: moved.at } : 'gone'
    }
    case 'pause':
    case '_err':
      return item
    case 'run':
      return problem('busy', `${name} is running: \`rq kill\` stops it`)
    case 'prep':
    case 'done':
    case 'relayed':
      return problem('failed', `${name} lies in ${item.at.state}: only what may still run is edited`)
  }
}

async function letGo(context: Context, held: Found): Promise<Problem | undefined> {
  const { due } = parseItemName(held.at.raw)
  const released = await relocate(context, held, { state: 'que', due }, 'released')
  // Somebody else released or removed it meanwhile, which is his right.
  return released === 'gone' || !('kind' in released) ? undefined : released
}
