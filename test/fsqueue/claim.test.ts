import { chownSync, linkSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { describe, expect, it } from 'vitest'
import { kindOf } from '../../src/fsqueue/claim.ts'
import { QueueIoError } from '../../src/fsqueue/errors.ts'
import { fsPath, look, place } from '../../src/fsqueue/place.ts'
import { AS_ROOT, claimNow, drop, dropDir, makeQueue, mkfifo, newId, raw, state, won } from './support.ts'

describe('a plain file', () => {
  it('becomes the payload of a fresh item, and keeps its own name in the message', () => {
    const test = makeQueue()
    const item = won(test, drop(test, 'my report.csv', 'a,b'))
    expect(item).toMatchObject({
      msg: { name: 'my report.csv' },
      attachments: ['my report.csv'],
      isOneFile: true,
      attempt: 1,
      spent: 0,
      refusal: undefined,
    })
    expect(item.name).toMatch(/^20261122T101500\.123000-[0-9a-z]{6}-my_report\.csv$/)
    expect(state(test, 'que')).toEqual([])
    expect(state(test, 'run')).toEqual([
      `${item.name}/`,
      `${item.name}/attach/`,
      `${item.name}/attach/my report.csv=a,b`,
    ])
  })
  it('keeps its id, and the priority and tags that its name says, but not the time', () => {
    const test = makeQueue()
    const id = newId('x.csv')
    const item = won(test, drop(test, `${id},+b,t5,p1,+a`))
    expect(item).toMatchObject({ id, name: `${id},p1,+b,+a`, attachments: ['x.csv'] })
  })
  it('with a bare id is called payload', () => {
    const test = makeQueue()
    expect(won(test, drop(test, newId()))).toMatchObject({ attachments: ['payload'] })
  })
  it('may be empty', () => {
    const test = makeQueue()
    const item = won(test, drop(test, 'empty', ''))
    expect(state(test, 'run')).toContain(`${item.name}/attach/empty=`)
  })
  it('may be a hard link', () => {
    const test = makeQueue()
    writeFileSync(`${test.path}/elsewhere`, 'x')
    linkSync(`${test.path}/elsewhere`, `${test.path}/que/linked`)
    expect(won(test, raw('linked')).refusal).toBeUndefined()
  })

  const names: [sentence: string, name: string][] = [
    ['of 255 bytes', 'x'.repeat(255)],
    ['with a newline', 'a\nb'],
    ['with quotes', `it's "so"`],
    ['with a leading dash', '-rf'],
    ['of nothing but a blank', ' '],
    ['that is a pattern', '*'],
    ['that begins with a comma', ',p1'],
    ['with bytes that are not UTF-8', 'caf\xe9\xff\x01'],
    ['in UTF-8', raw('Größe 日本.csv')],
  ]
  it.each(names)('%s is taken, and its name kept byte for byte', (_sentence, name) => {
    const test = makeQueue()
    const item = won(test, drop(test, name))
    expect(item.refusal).toBeUndefined()
    expect(item.attachments).toEqual([name])
    expect(look(place(test.queue, 'run', item.name, undefined))?.isDirectory()).toBe(true)
    expect(state(test, 'run')).toContain(`${item.name}/attach/${name}=payload`)
    expect(item.name).toMatch(/^[\x20-\x7e]{1,150}$/)
  })
  it('whose tags leave no room for an id is taken without the last of them', () => {
    const test = makeQueue()
    const tags = ['a', 'b', 'c'].map((letter) => `,+${letter.repeat(64)}`).join('')
    const item = won(test, drop(test, `${'x'.repeat(200 - tags.length + 55)}${tags}`))
    expect(item.name.length).toBeLessThanOrEqual(255)
  })
})

describe('a message', () => {
  it('is an item by itself', () => {
    const test = makeQueue()
    const id = newId()
    const item = won(test, drop(test, `${id}.msg,p2`, '{"param1":"a"}'))
    expect(item).toMatchObject({ id, name: `${id},p2`, msg: { param1: 'a' }, attachments: [], isOneFile: false })
    expect(state(test, 'run')).toEqual([`${id},p2/`, `${id},p2/msg={"param1":"a"}`])
  })
  it('without an id keeps its own name', () => {
    const test = makeQueue()
    expect(won(test, drop(test, 'hello.msg', '{}'))).toMatchObject({ msg: { name: 'hello' }, refusal: undefined })
  })
  it('that says a name itself keeps that', () => {
    const test = makeQueue()
    expect(won(test, drop(test, 'hello.msg', '{"name":"x"}')).msg.name).toBe('x')
  })
  it('that is no JSON is refused', () => {
    const test = makeQueue()
    expect(won(test, drop(test, `${newId()}.msg`, '{"a"')).refusal).toMatch(/not JSON/)
  })
  it('that is too large is refused unread', () => {
    const test = makeQueue()
    const large = JSON.stringify({ x: 'x'.repeat(20 * 1024 * 1024) })
    expect(won(test, drop(test, `${newId()}.msg`, large)).refusal).toMatch(/larger than/)
  })
})

describe('a directory', () => {
  it('with a message and attachments is renamed as it is', () => {
    const test = makeQueue()
    const id = newId()
    const item = won(test, dropDir(test, `${id},t7`, { msg: '{}', 'attach/b': '1', 'attach/a': '2' }))
    expect(item).toMatchObject({ id, name: id, attachments: ['a', 'b'], isOneFile: false, refusal: undefined })
  })
  it('without an id gets one, and keeps its name in the message', () => {
    const test = makeQueue()
    expect(won(test, dropDir(test, 'order 7', { msg: '{}' })).msg.name).toBe('order 7')
  })
  it('counts its attempts on from what it has', () => {
    const test = makeQueue()
    const msg = JSON.stringify({
      attempts: [
        { n: 1, verdict: 'reschedule' },
        { n: 2, verdict: 'reschedule' },
      ],
    })
    expect(won(test, dropDir(test, newId(), { msg }))).toMatchObject({ attempt: 3, spent: 2 })
    expect(won(test, dropDir(test, newId(), { msg, 'started.7': '' }))).toMatchObject({ attempt: 8, spent: 2 })
  })
  it('that ended for good and was moved back by hand has its budget anew', () => {
    const test = makeQueue()
    const msg = JSON.stringify({
      attempts: [
        { n: 1, verdict: 'reschedule' },
        { n: 2, verdict: 'fail' },
      ],
    })
    expect(won(test, dropDir(test, newId(), { msg }))).toMatchObject({ attempt: 3, spent: 0 })
  })
  it('without a message is wrapped whole, and refused', () => {
    const test = makeQueue()
    const item = won(test, dropDir(test, 'stuff', { file: 'x' }))
    expect(item.refusal).toMatch(/without msg/)
    expect(state(test, 'run')).toContain(`${item.name}/attach/stuff/file=x`)
  })
  it.runIf(AS_ROOT)('of another user is wrapped whole, and refused', () => {
    const test = makeQueue()
    const name = dropDir(test, newId(), { msg: '{}' })
    chownSync(`${test.path}/que/${name}`, 12_345, 12_345)
    expect(won(test, name).refusal).toMatch(/another user \(uid 12345\)/)
  })
  it('is refused when its message is a link, and the link is not followed', () => {
    const test = makeQueue()
    const name = dropDir(test, newId(), {})
    writeFileSync(`${test.path}/secret`, '{"param1":"secret"}')
    symlinkSync('../../secret', `${test.path}/que/${name}/msg`)
    const item = won(test, name)
    expect(item.refusal).toMatch(/symbolic link/)
    expect(item.msg.param1).toBeUndefined()
  })
  it('is refused when its message is a FIFO, which is not waited for', () => {
    const test = makeQueue()
    const name = dropDir(test, newId(), {})
    mkfifo(`${test.path}/que/${name}/msg`)
    expect(won(test, name).refusal).toMatch(/not a regular file/)
  })
  it.each<[sentence: string, make: (dir: string) => void]>([
    ['a link', (dir) => symlinkSync('/etc/hostname', `${dir}/attach/x`)],
    ['a FIFO', (dir) => mkfifo(`${dir}/attach/x`)],
    ['a directory', (dir) => mkdirSync(`${dir}/attach/x`)],
  ])('is refused when an attachment is %s', (_sentence, make) => {
    const test = makeQueue()
    const name = dropDir(test, newId(), { msg: '{}', 'attach/a': 'fine' })
    make(`${test.path}/que/${name}`)
    expect(won(test, name).refusal).toMatch(/not a regular file/)
  })
  it('is refused when its attachments are a link', () => {
    const test = makeQueue()
    const name = dropDir(test, newId(), { msg: '{}' })
    symlinkSync('/etc', `${test.path}/que/${name}/attach`)
    expect(won(test, name)).toMatchObject({ attachments: [], refusal: 'attach is not a directory' })
  })
})

describe('what is neither file nor directory is wrapped, refused, and never opened', () => {
  it('a FIFO', () => {
    const test = makeQueue()
    mkfifo(`${test.path}/que/pipe`)
    const item = won(test, raw('pipe'))
    expect(item.refusal).toMatch(/not a file or directory/)
    expect(state(test, 'run')).toContain(`${item.name}/attach/pipe (special)`)
  })
  it('a symbolic link, to whatever', () => {
    const test = makeQueue()
    symlinkSync('/etc/hostname', `${test.path}/que/link`)
    symlinkSync('nowhere', `${test.path}/que/dangling.msg`)
    expect(won(test, raw('link')).refusal).toMatch(/not a file or directory/)
    expect(won(test, raw('dangling.msg')).refusal).toMatch(/not a file or directory/)
  })
  it('a socket', async () => {
    const test = makeQueue()
    const server = createServer()
    await new Promise<void>((done) => server.listen(`${test.path}/que/socket`, done))
    expect(won(test, raw('socket')).refusal).toMatch(/not a file or directory/)
    await new Promise((done) => server.close(done))
  })
})

describe('a claim', () => {
  it('of what is gone is lost, and leaves nothing', () => {
    const test = makeQueue()
    for (const name of [drop(test, 'x'), drop(test, `${newId()}.msg`, '{}'), dropDir(test, newId(), { msg: '{}' })]) {
      const stat = look(place(test.queue, 'que', name))
      if (stat === undefined) throw new Error('no stat')
      expect(kindOf(name, stat)).not.toBe('special')
      expect(won(test, name).refusal).toBeUndefined()
      expect(claimNow(test, name)).toEqual({ kind: 'lost' })
    }
    expect(state(test, 'run').filter((line) => /^[^/]*\/$/.test(line))).toHaveLength(3)
  })
  it('of an id that lies in run/ already waits', () => {
    const test = makeQueue()
    const id = newId()
    mkdirSync(`${test.path}/run/${id}`)
    expect(claimNow(test, drop(test, id))).toEqual({ kind: 'occupied' })
    expect(claimNow(test, drop(test, `${id}.msg`, '{}'))).toEqual({ kind: 'occupied' })
    expect(state(test, 'run')).toEqual([`${id}/`])
  })
  it('is an error when run/ is missing, and takes nothing', () => {
    const test = makeQueue()
    const name = drop(test, 'x')
    const broken = { path: test.path, queue: { ...test.queue, dirs: { ...test.queue.dirs, run: 'nowhere' } } }
    expect(() => claimNow(broken, name)).toThrow(QueueIoError)
    expect(state(test, 'que')).toEqual(['x=payload'])
  })
  it('is possible in a queue whose states have other names', () => {
    const test = makeQueue()
    const queue = { ...test.queue, dirs: { ...test.queue.dirs, run: 'work in progress é' } }
    mkdirSync(fsPath(place(queue, 'run', '').replace(/\/$/, '')))
    expect(won({ path: test.path, queue }, drop(test, 'x')).refusal).toBeUndefined()
  })
})
