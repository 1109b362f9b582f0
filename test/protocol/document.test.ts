/** docs/PROTOCOL.md says what is so: its programs run, and what it names is there. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { makeQueue, startDaemon, tempRoot } from '../helpers/daemon.ts'
import { until } from '../helpers/until.ts'
import { openQueue } from '../helpers/worker.ts'

const DOCUMENT = readFileSync(fileURLToPath(new URL('../../docs/PROTOCOL.md', import.meta.url)), 'utf8')

describe('the programs of the protocol', () => {
  test('make a queue and an item in a minute', async () => {
    const root = tempRoot()
    const daemon = await startDaemon(root)
    writeFileSync(join(root, 'letter.txt'), 'Dear queue\n')
    const [make = ''] = programs('sh')
    execFileSync('sh', ['-c', `${make}true`], { cwd: root, env: { ...process.env, RQ_ROOT: root }, stdio: 'ignore' })
    const queue = openQueue(join(root, 'queue/mail'))
    const id = await until(() => queue.names('done')[0])
    expect(queue.log(id)).toContain('Dear queue')
    await daemon.stop()
  })

  test('enqueue durably, in sh and in Python', async () => {
    const root = tempRoot()
    const queue = openQueue(makeQueue(root, 'q', '#!/bin/sh\ncat -- "$@"; echo "$RQ_PARAM1"\n'))
    const daemon = await startDaemon(root)
    mkdirSync(join(queue.path, 'prep'), { recursive: true })
    writeFileSync(join(root, 'file'), 'from sh\n')
    const [, sh = ''] = programs('sh')
    const [python = ''] = programs('python')
    const fromSh = execFileSync('sh', ['-c', `${sh}enqueue "$1" "$2"`, 'sh', queue.path, join(root, 'file')])
    const call = `import sys\nprint(enqueue(sys.argv[1], {'param1': 'a parameter'}, {'x': b'from Python\\n'}))\n`
    const fromPython = execFileSync('python3', ['-c', python + call, queue.path])
    for (const [said, expected] of [
      [fromSh, 'from sh'],
      [fromPython, 'from Python\na parameter'],
    ] as const) {
      const id = said.toString().trim()
      expect(await queue.settled(id)).toBe('done')
      expect(queue.log(id)).toContain(expected)
    }
    expect(readdirSync(join(queue.path, 'prep'))).toEqual([])
    await daemon.stop()
  })
})

test('every check that the protocol names is there', () => {
  const named = [...DOCUMENT.matchAll(/`(checks\/[a-z0-9-]+\.sh)`/g)].map(([, file = '']) => file)
  expect(named.length).toBeGreaterThan(20)
  expect(named.filter((file) => !existsSync(fileURLToPath(new URL(file, import.meta.url))))).toEqual([])
})

/** The fenced blocks of a language, in their order. */
function programs(language: string): string[] {
  return [...DOCUMENT.matchAll(new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\`$`, 'gm'))].map(
    ([, text = '']) => text,
  )
}
