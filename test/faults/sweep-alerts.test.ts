/** `rq alerts --send` killed, and refused, at each file-system call: what failed is said once, not never and not twice. */
import { spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { BIN, makeQueue } from '../helpers/daemon.ts'
import { putEnded } from '../helpers/ended.ts'
import { skipLoudly } from './mount.ts'
import { type Shot, shimUnavailable } from './shim.ts'
import { SWEEP_TIMEOUT_MS, sweepCalls } from './sweep-plan.ts'

const TO = ['mailto:a@example.org', 'mailto:b@example.org']

function makePlace(dir: string): string {
  const root = join(dir, 'root')
  putEnded(makeQueue(root, 'mail', undefined, { alerts: { to: TO } }), 'broken', '_err')
  return root
}

async function send(root: string, shot?: Shot): Promise<{ code: number | null; stderr: string }> {
  const args = [BIN.rq, '--root', root, 'alerts', 'mail', '--send']
  const child = spawn(process.execPath, args, {
    env: { ...process.env, ...shot?.env(root) },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let stderr = ''
  child.stderr.on('data', (data) => {
    stderr += data
  })
  return { code: await new Promise((resolve) => child.on('close', resolve)), stderr }
}

/** Who is told, and of how many items. */
function sent(root: string): string[] {
  const que = join(root, 'queue/alerts/que')
  if (!existsSync(que)) return []
  return readdirSync(que)
    .map((name) => JSON.parse(readFileSync(join(que, name), 'utf8')))
    .map(({ alert_to, alert }) => `${alert_to} ${alert.rule} ${alert.items[0].id} ${alert.count}`)
    .toSorted()
}

describe.skipIf(skipLoudly('sweeps', shimUnavailable()))('rq alerts --send', () => {
  test.each(['kill', 'ENOSPC', 'EIO'] as const)(
    '%s at each call, then once more',
    { timeout: SWEEP_TIMEOUT_MS },
    async (fault) => {
      await sweepCalls({ do: fault }, { every: 19, eachKind: true, atOnce: 2 }, async (shot) => {
        const root = makePlace(shot.dir)
        const { stderr } = await send(root, shot)
        expect(stderr, 'a bug, not an answer').not.toMatch(/^\s+at /m)
        shot.heal()
        await send(root)
        expect(await send(root)).toMatchObject({ code: 0 })
        expect(sent(root)).toEqual(TO.map((to) => `${to} failed broken 1`))
      })
    },
  )
})
