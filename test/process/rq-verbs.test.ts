/** Every verb that needs no daemon, on real directories. */
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { makeQueue, tempRoot } from '../helpers/daemon.ts'
import { contents, namesIn, rootWithQueue, rq, runProgram } from '../helpers/rq.ts'

const ID = '20261122T101500.123456-x7f2k9'
const OTHER = '20261122T101501.123456-a1b2c3-b.txt'

/** An item that ended, as a worker leaves it. */
function ended(
  queue: string,
  where: string,
  name: string,
  msg: object = { attempts: [{ n: 1, verdict: 'fail', to: '_err', text: 'no luck' }] },
): string {
  const dir = join(queue, where, name)
  mkdirSync(join(dir, 'job'), { recursive: true })
  writeFileSync(join(dir, 'msg'), JSON.stringify(msg))
  writeFileSync(join(dir, 'job', 'stdio.log'), 'said \x1b[31mred\x1b[0m\n')
  return dir
}

function drop(queue: string, name: string, text: string | Buffer = 'payload'): void {
  writeFileSync(join(queue, 'que', name), text)
}

describe('rq create', () => {
  it('makes the root, the queue, and a handler of a command', async () => {
    const root = join(tempRoot(), 'new', 'root')
    expect(await rq(root, ['create', 'my mail', '--handler', 'wc -c'])).toMatchObject({
      code: 0,
      lines: [`${root}/queue/my mail`],
    })
    const queue = join(root, 'queue', 'my mail')
    expect(readFileSync(join(queue, 'handler'), 'utf8')).toBe('#!/bin/sh\nexec wc -c "$@"\n')
    expect(statSync(join(queue, 'handler')).mode & 0o777).toBe(0o700)
    expect(statSync(queue).mode & 0o777).toBe(0o700)
    expect(namesIn(root, 'queue')).toEqual(['my mail'])
    expect(namesIn(queue, '.')).toEqual(['_err', '_tmp', 'done', 'handler', 'pause', 'prep', 'que', 'relayed', 'run'])
  })
  it('says that the path of the payload comes last', async () => {
    const root = tempRoot()
    expect(await rq(root, ['create', 'a', '--handler', 'sleep 3'])).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/^rq: an item runs: sleep 3 PATH; .* sh -c '\.\.\.'/),
    })
    for (const handler of ["sh -c 'sleep 3'", "bash -c 'sleep 3'"])
      expect(await rq(root, ['create', handler, '--handler', handler])).toMatchObject({ code: 0, stderr: '' })
    for (const handler of ['sleep 3;', 'sleep 3 &', 'cat |'])
      expect(await rq(root, ['create', 'bad', '--handler', handler])).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('ends too early'),
      })
    expect(namesIn(root, 'queue')).toHaveLength(3)
  })
  it.each([
    ['touch a && touch b', 'a b payload'],
    ['A=1 touch b', 'b payload'],
    ["sh -c 'touch a; touch b'", 'a b'],
    ['sh -c \'cp "$0" a\'', 'a'],
    ['. ./script', 'sourced'],
    ['exit 0', ''],
  ])('makes a handler of %s', async (handler, made) => {
    const root = tempRoot()
    await rq(root, ['create', 'q', '--handler', handler])
    const place = tempRoot()
    writeFileSync(join(place, 'script'), 'touch sourced; return')
    const given = handler.includes('cp') ? 'script' : 'payload'
    const said = await runProgram(join(root, 'queue/q/handler'), [given], { cwd: place })
    expect(said).toMatchObject({ code: 0, stderr: '' })
    expect(
      namesIn(place, '.')
        .filter((name) => name !== 'script')
        .join(' '),
    ).toBe(made)
  })
  it('names a program by its absolute path', async () => {
    const root = tempRoot()
    writeFileSync(join(root, 'prog'), '#!/bin/sh\n', { mode: 0o755 })
    await rq(root, ['create', 'q', '--handler', './prog'], { cwd: root })
    expect(JSON.parse(readFileSync(join(root, 'queue/q/config.json'), 'utf8'))).toEqual({ handler: `${root}/prog` })
  })
  it('completes a directory that somebody made, and overwrites nothing', async () => {
    const { root, queue } = rootWithQueue()
    expect(await rq(root, ['create', 'q', '--handler', 'true'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('exists'),
    })
    expect(readFileSync(join(queue, 'handler'), 'utf8')).toBe('#!/bin/sh\nexit 0\n')
    mkdirSync(join(root, 'queue/bare/que'), { recursive: true })
    expect(await rq(root, ['create', 'bare', '--handler', 'true'])).toMatchObject({ code: 0 })
    expect(existsSync(join(root, 'queue/bare/run'))).toBe(true)
  })
  it('refuses what cannot name a queue', async () => {
    const root = tempRoot()
    for (const name of ['a/b', '.hidden', '', 'a\nb'])
      expect(await rq(root, ['create', name])).toMatchObject({ code: 2 })
    expect(namesIn(root, 'queue')).toEqual([])
  })
})

describe('rq hold and rq release', () => {
  it('move a waiting item out and in, its name unchanged', async () => {
    const { root, queue } = rootWithQueue()
    const name = `${ID}.msg,p1,t4000000000,+x`
    drop(queue, name, '{}')
    expect(await rq(root, ['hold', 'x7f2k9'])).toMatchObject({ code: 0, stdout: `${ID} held\n` })
    expect(namesIn(queue, 'pause')).toEqual([name])
    expect(await rq(root, ['hold', ID])).toMatchObject({ code: 0, stdout: `${ID} was held already\n` })
    expect(await rq(root, ['release', ID])).toMatchObject({ code: 0, stdout: `${ID} released\n` })
    expect(namesIn(queue, 'que')).toEqual([name])
    expect(namesIn(queue, 'pause')).toEqual([])
  })
  it('give a fresh id rather than overwrite a name that is taken', async () => {
    const { root, queue } = rootWithQueue()
    drop(queue, 'a.txt', 'new')
    mkdirSync(join(queue, 'pause'))
    writeFileSync(join(queue, 'pause', 'a.txt'), 'old')
    const said = await rq(root, ['hold', 'q/a.txt'])
    expect(said).toMatchObject({ code: 0, stdout: expect.stringMatching(/-a\.txt held\n$/) })
    const [id = ''] = namesIn(queue, 'pause')
    expect(namesIn(queue, 'pause')).toEqual([id, 'a.txt'])
    expect([contents(join(queue, 'pause', id)), contents(join(queue, 'pause', 'a.txt'))]).toEqual(['new', 'old'])
  })
  it('refuse what runs, with 75, and what has ended', async () => {
    const { root, queue } = rootWithQueue()
    ended(queue, 'run', ID)
    ended(queue, '_err', OTHER)
    expect(await rq(root, ['hold', ID])).toMatchObject({ code: 75, stderr: expect.stringContaining('is running') })
    expect(await rq(root, ['hold', OTHER])).toMatchObject({ code: 1 })
    expect(await rq(root, ['release', OTHER])).toMatchObject({ code: 1, stderr: expect.stringContaining('rq retry') })
    expect(await rq(root, ['hold', ID, OTHER])).toMatchObject({ code: 1 })
  })
  it('go on after one that is refused', async () => {
    const { root, queue } = rootWithQueue()
    drop(queue, ID)
    const said = await rq(root, ['hold', 'nonsense', ID])
    expect(said).toMatchObject({ code: 66, stdout: `${ID} held\n` })
    expect(namesIn(queue, 'pause')).toEqual([ID])
  })
})

describe('rq retry', () => {
  it.each(['_err', 'done/20261122/1015', 'relayed/20261122/1015'])(
    'brings an item back from %s, its history kept',
    async (where) => {
      const { root, queue } = rootWithQueue()
      ended(queue, where, `${ID},p1,+x`)
      expect(await rq(root, ['retry', ID])).toMatchObject({ code: 0 })
      expect(namesIn(queue, 'que')).toEqual([`${ID},p1,+x`])
      const { msg } = contents(join(queue, 'que', `${ID},p1,+x`)) as { msg: string }
      expect(JSON.parse(msg)).toMatchObject({ attempts: [{ n: 1 }] })
      // An empty minute is dropped.
      expect(existsSync(join(queue, where)) && where !== '_err').toBe(false)
    },
  )
  it('lets run now what was to run later', async () => {
    const { root, queue } = rootWithQueue()
    drop(queue, `${ID},t4000000000`)
    expect(await rq(root, ['retry', ID])).toMatchObject({ code: 0 })
    expect(namesIn(queue, 'que')).toEqual([ID])
    expect(await rq(root, ['retry', ID])).toMatchObject({ code: 0, stdout: `${ID} waits already\n` })
  })
  it('gives a fresh id when a copy waits already', async () => {
    const { root, queue } = rootWithQueue()
    ended(queue, '_err', OTHER)
    mkdirSync(join(queue, 'que', OTHER))
    writeFileSync(join(queue, 'que', OTHER, 'msg'), '{"param1":"mine"}')
    await rq(root, ['rm', 'q/nothing'])
    const said = await rq(root, ['retry', OTHER])
    expect(said.code).toBe(0)
    expect(namesIn(queue, 'que')).toHaveLength(2)
    expect(contents(join(queue, 'que', OTHER))).toEqual({ msg: '{"param1":"mine"}' })
    expect(namesIn(queue, 'que').find((name) => name !== OTHER)).toMatch(/-b\.txt$/)
  })
})

describe('rq rm', () => {
  it('puts items from any state but run into _trash, each with its place', async () => {
    const { root, queue } = rootWithQueue()
    drop(queue, ID)
    ended(queue, '_err', OTHER)
    expect(await rq(root, ['rm', ID, OTHER])).toMatchObject({ code: 0, stdout: `${ID} removed\n${OTHER} removed\n` })
    expect(namesIn(queue, 'que')).toEqual([])
    expect(namesIn(queue, '_err')).toEqual([])
    const [removal = ''] = namesIn(queue, '_trash')
    expect(namesIn(queue, '_trash')).toEqual([expect.stringMatching(/^\d{8}T\d{6}\.\d{3}-[0-9a-z]{6}$/)])
    expect([namesIn(queue, `_trash/${removal}/que`), namesIn(queue, `_trash/${removal}/_err`)]).toEqual([[ID], [OTHER]])
    ended(queue, 'run', ID)
    expect(await rq(root, ['rm', ID])).toMatchObject({ code: 75 })
    expect(namesIn(queue, 'run')).toEqual([ID])
  })
})

describe('rq move', () => {
  it('changes priority, time and tags in the name, and nothing else', async () => {
    const { root, queue } = rootWithQueue()
    drop(queue, `${ID},+old,+gone`)
    await rq(root, ['move', ID, '--priority', '0', '--at', '@4000000000', '--tag', 'new', '--untag', 'gone'])
    expect(namesIn(queue, 'que')).toEqual([`${ID},p0,t4000000000,+old,+new`])
    await rq(root, ['move', ID, '--now', '--priority', '5'])
    expect(namesIn(queue, 'que')).toEqual([`${ID},+old,+new`])
    expect(await rq(root, ['move', ID, '--tag', 'new'])).toMatchObject({ code: 0, stdout: `${ID} is so already\n` })
    expect(namesIn(queue, 'que')).toEqual([`${ID},+old,+new`])
  })
  it('changes a held item where it is', async () => {
    const { root, queue } = rootWithQueue()
    mkdirSync(join(queue, 'pause'))
    writeFileSync(join(queue, 'pause', ID), 'x')
    await rq(root, ['move', ID, '-p', '1'])
    expect(namesIn(queue, 'pause')).toEqual([`${ID},p1`])
  })
  it('brings items into another queue: waiting to waiting, held to held, failed to waiting', async () => {
    const { root, queue } = rootWithQueue()
    const other = makeQueue(root, 'other')
    drop(queue, `${ID},p1`)
    mkdirSync(join(queue, 'pause'))
    writeFileSync(join(queue, 'pause', 'held.txt'), 'x')
    ended(queue, '_err', OTHER)
    expect(await rq(root, ['move', ID, 'held.txt', OTHER, '--to', 'other'])).toMatchObject({ code: 0 })
    expect(namesIn(other, 'que')).toEqual([`${ID},p1`, OTHER])
    expect(namesIn(other, 'pause')).toEqual(['held.txt'])
    expect([namesIn(queue, 'que'), namesIn(queue, 'pause'), namesIn(queue, '_err')]).toEqual([[], [], []])
  })
  it('refuses what runs, what is done, a queue that is down, and one that is not there', async () => {
    const { root, queue } = rootWithQueue()
    const other = makeQueue(root, 'other')
    ended(queue, 'run', ID)
    ended(queue, 'done/20261122/1015', OTHER)
    expect(await rq(root, ['move', ID, '-p', '1'])).toMatchObject({ code: 75 })
    expect(await rq(root, ['move', OTHER, '-p', '1'])).toMatchObject({ code: 1 })
    expect(await rq(root, ['move', OTHER, '--to', 'othr'])).toMatchObject({
      code: 66,
      stderr: expect.stringContaining('"other"'),
    })
    writeFileSync(join(other, '_down'), '')
    expect(await rq(root, ['move', OTHER, '--to', 'other'])).toMatchObject({ code: 75 })
    expect(await rq(root, ['move', OTHER, '--now', '--in', '1h'])).toMatchObject({ code: 2 })
  })
})

describe('rq pause and rq resume', () => {
  it('are the flags that touch and rm make', async () => {
    const { root, queue } = rootWithQueue()
    expect(await rq(root, ['pause', 'q'])).toMatchObject({ code: 0, stdout: 'q: paused\n' })
    expect(existsSync(join(queue, '_paused'))).toBe(true)
    expect(await rq(root, ['pause', 'q'])).toMatchObject({ code: 0, stdout: 'q: paused already\n' })
    expect(await rq(root, ['pause', '--all'])).toMatchObject({ code: 0 })
    expect(existsSync(join(root, '_paused'))).toBe(true)
    await rq(root, ['resume', '--all'])
    await rq(root, ['resume', 'q'])
    expect([existsSync(join(root, '_paused')), existsSync(join(queue, '_paused'))]).toEqual([false, false])
  })
  it('want a queue or --all, and go on after one that is not there', async () => {
    const { root, queue } = rootWithQueue()
    expect(await rq(root, ['pause'])).toMatchObject({ code: 2 })
    expect(await rq(root, ['pause', 'q', '--all'])).toMatchObject({ code: 2 })
    expect(await rq(root, ['pause', 'none', 'q'])).toMatchObject({ code: 66 })
    expect(existsSync(join(queue, '_paused'))).toBe(true)
  })
})

describe('rq edit', () => {
  const sed = (script: string) => ({ env: { EDITOR: `sed -i '${script}'`, VISUAL: '' } })

  it('changes the message of a waiting item and lets it wait again', async () => {
    const { root, queue } = rootWithQueue()
    drop(queue, `${ID}.msg,p1`, '{"param1":"old"}')
    expect(await rq(root, ['edit', ID], sed('s/old/new/'))).toMatchObject({ code: 0, stdout: `${ID} changed\n` })
    expect(contents(join(queue, 'que', `${ID}.msg,p1`))).toBe('{"param1":"new"}')
    expect(namesIn(queue, 'pause')).toEqual([])
    expect(namesIn(queue, '_tmp')).toEqual([])
  })
  it('holds it meanwhile', async () => {
    const { root, queue } = rootWithQueue()
    drop(queue, `${ID}.msg`, '{}')
    await rq(root, ['edit', ID], { env: { EDITOR: `ls ${queue}/que ${queue}/pause > ${root}/seen; true`, VISUAL: '' } })
    expect(readFileSync(join(root, 'seen'), 'utf8')).toBe(`${queue}/pause:\n${ID}.msg\n\n${queue}/que:\n`)
    expect(namesIn(queue, 'que')).toEqual([`${ID}.msg`])
  })
  it('changes the message of a directory, where it failed or is held', async () => {
    const { root, queue } = rootWithQueue()
    const dir = ended(queue, '_err', ID, { param1: 'old' })
    await rq(root, ['edit', ID], sed('s/old/new/'))
    expect(contents(dir)).toMatchObject({ msg: '{"param1":"new"}' })
  })
  it('changes a plain file itself', async () => {
    const { root, queue } = rootWithQueue()
    drop(queue, 'job.csv', 'old')
    expect(await rq(root, ['edit', 'q/job.csv'], sed('s/old/new/'))).toMatchObject({ code: 0 })
    expect(contents(join(queue, 'que', 'job.csv'))).toBe('new')
  })
  it('leaves every other byte of it as it was, whatever its encoding', async () => {
    const { root, queue } = rootWithQueue()
    drop(queue, 'job.csv', Buffer.from('caf\xe9 old \x80\xff', 'latin1'))
    expect(await rq(root, ['edit', 'q/job.csv'], sed('s/old/new/'))).toMatchObject({ code: 0 })
    expect(readFileSync(join(queue, 'que', 'job.csv'), 'latin1')).toBe('caf\xe9 new \x80\xff')
  })
  it('puts nothing back that is no message, keeps the text, and lets the item wait again', async () => {
    const { root, queue } = rootWithQueue()
    drop(queue, `${ID}.msg`, '{"param1":"old"}')
    const said = await rq(root, ['edit', ID], sed('s/.*/nonsense/'))
    expect(said).toMatchObject({ code: 1, stderr: expect.stringContaining('not put back: msg is not JSON') })
    expect(contents(join(queue, 'que', `${ID}.msg`))).toBe('{"param1":"old"}')
    const [kept = ''] = namesIn(queue, '_tmp')
    expect(contents(join(queue, '_tmp', kept))).toBe('nonsense')
  })
  it('lets it wait again when the editor fails', async () => {
    const { root, queue } = rootWithQueue()
    drop(queue, `${ID}.msg`, '{}')
    expect(await rq(root, ['edit', ID], { env: { EDITOR: 'false', VISUAL: '' } })).toMatchObject({ code: 1 })
    expect(namesIn(queue, 'que')).toEqual([`${ID}.msg`])
    expect(namesIn(queue, '_tmp')).toEqual([])
  })
  it('does not bring back an item that somebody took meanwhile', async () => {
    const { root, queue } = rootWithQueue()
    drop(queue, `${ID}.msg`, '{"param1":"old"}')
    const thief = { EDITOR: `sed -i s/old/new/ "$1"; mv ${queue}/pause/${ID}.msg ${root}/taken #`, VISUAL: '' }
    const said = await rq(root, ['edit', ID], { env: thief })
    expect(said).toMatchObject({ code: 1, stderr: expect.stringContaining('by somebody else') })
    expect([namesIn(queue, 'que'), namesIn(queue, 'pause')]).toEqual([[], []])
    expect(readFileSync(join(root, 'taken'), 'utf8')).toBe('{"param1":"old"}')
  })
  it('refuses what runs, with 75, and what is done', async () => {
    const { root, queue } = rootWithQueue()
    ended(queue, 'run', ID)
    ended(queue, 'done/20261122/1015', OTHER)
    expect(await rq(root, ['edit', ID], sed('s/a/b/'))).toMatchObject({ code: 75 })
    expect(await rq(root, ['edit', OTHER], sed('s/a/b/'))).toMatchObject({ code: 1 })
  })
})

describe('rq log and rq result', () => {
  it('print what the handler said, and its result, inline or in a file', async () => {
    const { root, queue } = rootWithQueue()
    ended(queue, 'done/20261122/1015', ID, { result: { total: 3 } })
    const dir = ended(queue, '_err', OTHER)
    writeFileSync(join(dir, 'result'), '[1,2]')
    expect(await rq(root, ['log', ID])).toMatchObject({ code: 0, stdout: 'said \x1b[31mred\x1b[0m\n' })
    expect(await rq(root, ['log', ID, '--from', '5'])).toMatchObject({ code: 0, stdout: '\x1b[31mred\x1b[0m\n' })
    expect(await rq(root, ['result', ID])).toMatchObject({ code: 0, stdout: '{"total":3}\n' })
    expect(await rq(root, ['result', OTHER])).toMatchObject({ code: 0, stdout: '[1,2]' })
  })
  it('say what is not there', async () => {
    const { root, queue } = rootWithQueue()
    drop(queue, ID)
    ended(queue, '_err', OTHER)
    expect(await rq(root, ['log', ID])).toMatchObject({ code: 1, stderr: expect.stringContaining('has not run yet') })
    expect(await rq(root, ['result', ID])).toMatchObject({ code: 1, stderr: expect.stringContaining('has not ended') })
    expect(await rq(root, ['result', OTHER])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('has no result'),
    })
  })
  it('follow no link that an item was given', async () => {
    const { root, queue } = rootWithQueue()
    const dir = join(queue, '_err', ID)
    mkdirSync(dir, { recursive: true })
    writeFileSync(join(dir, 'msg'), '{}')
    const { symlinkSync } = await import('node:fs')
    symlinkSync('/etc', join(dir, 'job'))
    symlinkSync('/etc/hostname', join(dir, 'result'))
    expect(await rq(root, ['log', ID])).toMatchObject({ code: 1, stdout: '' })
    expect(await rq(root, ['result', ID])).toMatchObject({ code: 1, stdout: '' })
  })
})

describe('rq new-id', () => {
  it('prints an id that inject takes', async () => {
    const { root, queue } = rootWithQueue()
    const [id = ''] = (await rq(root, ['new-id', 'a b.csv'])).lines
    expect(id).toMatch(/^\d{8}T\d{6}\.\d{6}-[0-9a-z]{6}-a_b\.csv$/)
    expect(await rq(root, ['inject', 'q', '--id', id])).toMatchObject({ code: 0 })
    expect(namesIn(queue, 'que')).toEqual([`${id}.msg`])
  })
})

describe('rq kill', () => {
  it('needs a daemon: 69', async () => {
    const { root, queue } = rootWithQueue()
    const dir = ended(queue, 'run', ID)
    expect(await rq(root, ['kill', ID])).toMatchObject({ code: 69, stderr: expect.stringContaining('no daemon runs') })
    expect(existsSync(join(dir, 'cancel'))).toBe(false)
  })
  it('is for what runs', async () => {
    const { root, queue } = rootWithQueue()
    drop(queue, ID)
    expect(await rq(root, ['kill', ID])).toMatchObject({ code: 1, stderr: expect.stringContaining('does not run') })
  })
})
