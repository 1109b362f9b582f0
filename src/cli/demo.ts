/** `rqd demo`: a root to try things on, a queue that does something, a first item, and what to try next. */
import { chmodSync, existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { makeId } from '../domain/name.ts'
import type { FromWeb } from '../domain/web-protocol.ts'
import { queueDir } from '../fsqueue/place.ts'
import { itemsOf } from '../fsqueue/scan.ts'
import { prettySink, stderrSink } from '../log/log.ts'
import { prepareRoot } from '../supervisor/daemon.ts'
import { colours, complain, EXIT, type RqdOptions, say } from './rqd-common.ts'
import { startHere } from './rqd-start.ts'
import { webLinks } from './rqd-web.ts'

const QUEUE = 'count'

/** Counts the lines, words and bytes of a file: what a handler is given, and what it may say. */
const HANDLER = `#!/bin/sh
# Run once for each item. $1 is the file; what is printed lands in the item's log.
echo "counting $1"
set -- $(wc -l -w -c < "$1")
echo "run 50%" >&3

# A result is JSON, written to the file $RQ_RESULT; rq result shows it.
printf '{"lines": %s, "words": %s, "bytes": %s}\\n' "$1" "$2" "$3" > "$RQ_RESULT"

# fd 3 takes one line of verdict; the exit status decides.
echo "done $2 words" >&3
exit 0
`

const TEXT = `A directory is the truth,
a pure function decides,
one rename carries it out.
`

export async function demo(options: RqdOptions): Promise<number> {
  const path = resolve(options.root ?? 'demo')
  const prepared = prepareRoot(path)
  if (prepared.kind === 'refused') {
    complain(prepared.why)
    return EXIT.failed
  }
  const { root } = prepared
  makeQueue(root)
  const id = dropFirstItem(root)
  const sink = process.stderr.isTTY === true ? await prettySink() : stderrSink()
  return startHere(root, sink, (web) => void tell(root, id, web))
}

function makeQueue(root: string): void {
  const queue = join(root, 'queue', QUEUE)
  for (const dir of ['', 'prep', 'que']) mkdirSync(join(queue, dir), { recursive: true, mode: 0o700 })
  const handler = join(queue, 'handler')
  if (existsSync(handler)) return
  writeFileSync(handler, HANDLER)
  chmodSync(handler, 0o755)
}

/** Written beside que/ and renamed in, under an id of its own: an item that starts at once. */
function dropFirstItem(root: string): string {
  const random = Math.random().toString(36).slice(2, 8).padEnd(6, '0')
  const id = makeId(Date.now(), 0, random, 'hello.txt')
  const queue = join(root, 'queue', QUEUE)
  writeFileSync(join(queue, 'prep', id), TEXT)
  renameSync(join(queue, 'prep', id), join(queue, 'que', id))
  return id
}

async function tell(root: string, id: string, web: FromWeb | undefined): Promise<void> {
  const queue = join(root, 'queue', QUEUE)
  const at = await whereFinished(queue, id)
  const colour = await colours()
  const here = relative(process.env['INIT_CWD'] ?? process.env['PWD'] ?? root, root) || '.'
  const bin = relative(process.env['PWD'] ?? root, dirname(process.argv[1] ?? '')) || '.'
  const rq = `${bin}/rq`
  const shown = (path: string) => join(here, relative(root, path))
  if (at === undefined) {
    complain(`the first item has not finished; look into ${shown(queue)}`)
    return
  }
  say(`
${colour.bold('A first item went through.')}
  ${shown(join(queue, 'handler'))}  ran once for it; a queue is a directory with a handler in it.
  ${shown(at)}  is where the item lies now: what is in done/ went well.

${colour.bold('Try next, in another terminal:')}
  export RQ_ROOT=${root}
  cp README.md ${shown(join(queue, 'que'))}/            # drop a file; it runs a second after its last write
  ${rq} inject ${QUEUE} README.md LICENSE    # or let rq do it: prints ids, and what it printed is on the disk
  ${rq} ls ${QUEUE} done                     # what is finished
  ${rq} result ${id}
  ${rq} log ${id}
  ${rq} create sums --handler sha256sum     # a queue of your own
  ${bin}/rqd status
${web?.type === 'listening' ? `\n${colour.bold('And look at it:')}\n  ${webLinks(root, web.addresses)}\n` : ''}
${colour.dim('Ctrl-C ends this daemon. The directory stays; start it again with')} ${bin}/rqd start --root ${here}
`)
}

async function whereFinished(queue: string, id: string): Promise<string | undefined> {
  const dir = queueDir(queue)
  for (let tries = 0; tries < 200; tries += 1) {
    for (const { raw, bucket } of itemsOf(dir, 'done')) {
      if (raw === id) return join(queue, 'done', bucket ?? '', raw)
    }
    await sleep(50)
  }
  return undefined
}
