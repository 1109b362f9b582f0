/** `rq config`: what is in force, and whose word it is. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { rootWithQueue, rq } from '../helpers/rq.ts'

interface Value {
  readonly key: string
  readonly value: unknown
  readonly from: string
  readonly file: string | null
}

async function values(root: string, ...keys: string[]): Promise<Value[]> {
  const said = await rq(root, ['config', 'q', ...keys, '--json'])
  expect(said).toMatchObject({ code: 0, stderr: '' })
  return (JSON.parse(said.stdout) as { values: Value[] }).values
}

describe('rq config', () => {
  it('prints every value with the file that it comes from', async () => {
    const { root, queue } = rootWithQueue({ max_attempts: 3, env: { B: '2' } })
    writeFileSync(join(root, 'config.json'), JSON.stringify({ queue: { term_timeout: '9s', env: { A: '1' } } }))
    const found = await values(root)
    const of = (key: string) => found.find((value) => value.key === key)
    const [own, roots] = [join(queue, 'config.json'), join(root, 'config.json')]
    expect(of('max_attempts')).toEqual({ key: 'max_attempts', value: 3, from: 'queue', file: own })
    expect(of('term_timeout')).toEqual({ key: 'term_timeout', value: '9s', from: 'root', file: roots })
    expect(of('durability')).toEqual({ key: 'durability', value: 'group', from: 'default', file: null })
    expect(of('env.A')).toMatchObject({ value: '1', from: 'root' })
    expect(of('env.B')).toMatchObject({ value: '2', from: 'queue' })
  })

  it('prints only the keys that are asked for, and what lies below them', async () => {
    const { root } = rootWithQueue()
    expect((await values(root, 'dirs.que', 'exit_codes')).map(({ key }) => key)).toEqual([
      ...['0', '65', '75', '78', '99', '100', '111'].map((code) => `exit_codes.${code}`),
      'dirs.que',
    ])
    const none = await rq(root, ['config', 'q', 'nothing'])
    expect(none).toMatchObject({ code: 66, stdout: '' })
    expect(none.stderr).toContain('no key nothing')
  })

  it('tells which keys are off, of those that are asked for', async () => {
    const { root } = rootWithQueue({ timeout: '5m', retry: { queue: 'other' } })
    const off = async (...keys: string[]) => {
      const { stdout } = await rq(root, ['config', 'q', ...keys, '--json'])
      return (JSON.parse(stdout) as { off: string[] }).off
    }
    const all = await off()
    expect(all).toEqual(expect.arrayContaining(['aging', 'keep.done', 'limits.nofile', 'memory', 'retry.causes']))
    for (const key of ['timeout', 'retry.queue', 'retry.limit', 'env', 'handler', 'dirs.que'])
      expect(all, key).not.toContain(key)
    expect(await off('memory', 'slots')).toEqual(['memory'])
    const { code, lines } = await rq(root, ['config', 'q', 'memory'])
    expect({ code, last: lines.at(-1) }).toEqual({ code: 0, last: expect.stringMatching(/^memory +\(off\) +default$/) })
  })

  it('prints a table for people', async () => {
    const { root, queue } = rootWithQueue({ slots: 3 })
    const { lines } = await rq(root, ['config', 'q', 'slots', 'durability'])
    expect(lines[0]).toMatch(/^KEY +VALUE +FROM$/)
    expect(lines).toContainEqual(expect.stringMatching(new RegExp(`^slots +3 +${join(queue, 'config.json')}$`)))
    expect(lines).toContainEqual(expect.stringMatching(/^durability +group +default$/))
  })

  it('names the file, the key and the fix of a mistake, and prints nothing', async () => {
    const { root, queue } = rootWithQueue({ retry: { limt: 3 } })
    const said = await rq(root, ['config', 'q'])
    expect(said).toMatchObject({ code: 1, stdout: '' })
    expect(said.stderr).toContain(`${join(queue, 'config.json')}: retry.limt: is no known key (did you mean "limit"?)`)
  })
})
