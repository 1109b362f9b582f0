/** The pure parts of `rq top`: what keys do, what a screenful is. */
import { describe, expect, it } from 'vitest'
import { frame, type Seen } from '../../src/cli/rq-top-frame.ts'
import { queueLines, sorted } from '../../src/cli/rq-top-lines.ts'
import { FIRST_VIEW, type Page, press, type Shown, type View } from '../../src/cli/rq-top-view.ts'
import { cut, padEnd, padStart, widthOf } from '../../src/cli/width.ts'
import type { ItemId } from '../../src/domain/name.ts'
import type { Listed } from '../../src/service/ls.ts'
import type { Top, TopQueue } from '../../src/service/top.ts'

const COUNTS = { prep: 0, que: 0, run: 0, pause: 0, done: 0, relayed: 0, _err: 0 }

function queue(name: string, { que = 0, failed = 0, oldest = null as number | null, paused = false } = {}): TopQueue {
  const counts = { ...COUNTS, que, _err: failed }
  const state = { paused, down: false, broken: null, config: null, disk: null, worker: 1 }
  return {
    name,
    counts,
    capped: [],
    donePerMinute: 0,
    oldest,
    waitP95: null,
    waitP50: null,
    waitP99: null,
    runP50: null,
    runP95: null,
    runP99: null,
    failedPerMinute: 0,
    trend: [],
    problem: null,
    ...state,
  } as TopQueue
}

function item(id: string, status: Listed['status'] = 'waiting'): Listed {
  const times = { created: null, due: null, finished: null, since: null }
  return { queue: 'mail', status, id: id as ItemId, name: id, priority: 5, tags: [], ...times }
}

const THREE = [queue('a', { que: 1 }), queue('b', { que: 3, failed: 2, oldest: 5 }), queue('c', { que: 3, oldest: 9 })]
const SHOWN: Shown = { queues: THREE, items: [item('x1'), item('x2', 'held')] }
const ITEMS: Page = { kind: 'items', queue: 'mail', filter: 'unfinished', selected: undefined }

/** The view after these keys, and the last order. */
function pressed(keys: readonly string[], shown = SHOWN, from: View = FIRST_VIEW) {
  return keys.reduce((before, key) => press(before.view, key, shown), { view: from } as ReturnType<typeof press>)
}

describe('sorting', () => {
  it.each([
    ['name', 'abc'],
    ['waiting', 'bca'],
    ['failed', 'bac'],
    ['oldest', 'cba'],
  ] as const)('by %s: the most first, equal ones by name', (by, order) => {
    expect(
      sorted(THREE, by)
        .map(({ name }) => name)
        .join(''),
    ).toBe(order)
  })
})

describe('keys on the queues', () => {
  it.each([
    [[], undefined],
    [['down'], 'b'],
    [['j', 'j', 'j', 'j'], 'c'],
    [['pagedown', 'k'], 'b'],
    [['up'], 'a'],
  ])('%j select %s', (keys, selected) => {
    expect(pressed(keys).view.page).toEqual({ kind: 'queues', selected })
  })

  it('the first is selected again when the chosen one is gone', () => {
    const { view } = pressed(['j'])
    expect(press(view, 'p', { ...SHOWN, queues: [queue('z')] }).order).toMatchObject({
      deed: { verb: 'pause', input: { queue: ['z'] } },
    })
  })

  it.each([
    ['p', THREE, 'pause'],
    ['p', [queue('a', { paused: true })], 'resume'],
  ] as const)('%s of a queue orders at once: %#', (key, queues, verb) => {
    expect(press(FIRST_VIEW, key, { ...SHOWN, queues }).order).toMatchObject({
      kind: 'do',
      deed: { verb, input: { queue: ['a'], all: false } },
    })
  })

  it('r asks, and only y does it', () => {
    const { view, order } = pressed(['j', 'r'])
    expect(order).toBeUndefined()
    expect(view.asked?.question).toBe('Run again all 2 that failed in b?')
    expect(press(view, 'y', SHOWN).order).toMatchObject({ deed: { verb: 'retry', input: { id: ['b'], all: true } } })
    for (const key of ['n', 'r', 'return', 'q', 'escape'])
      expect(press(view, key, SHOWN)).toEqual({ view: { ...view, asked: undefined, note: 'nothing was done' } })
  })

  it('r where nothing failed says so', () => {
    expect(pressed(['r']).view).toMatchObject({ asked: undefined, note: 'a: nothing has failed' })
  })

  it('do nothing where there are no queues', () => {
    for (const key of ['return', 'p', 'r', 'j'])
      expect(press(FIRST_VIEW, key, { queues: [], items: [] }).order).toBeUndefined()
  })
})

describe('pages', () => {
  it('lie over each other, and escape leads back to where one was', () => {
    const { view } = pressed(['j', 'return', 'j', 'return'])
    expect(view.page).toEqual({ kind: 'item', ref: 'mail/x2', from: 0 })
    expect(pressed(['escape'], SHOWN, view).view.page).toMatchObject({ kind: 'items', queue: 'b', selected: 'mail/x2' })
    expect(pressed(['left', 'backspace'], SHOWN, view).view.page).toEqual({ kind: 'queues', selected: 'b' })
    expect(pressed(['h', 'h', 'h', 'h'], SHOWN, view).view.page).toEqual({ kind: 'queues', selected: 'b' })
  })

  it('any key leads from the help back, but q', () => {
    expect(pressed(['?', 'x']).view.page.kind).toBe('queues')
    expect(pressed(['?', 'q']).order).toEqual({ kind: 'quit', code: 0 })
  })

  it('ctrl+c ends with 130 wherever one is, also at a question', () => {
    for (const keys of [[], ['return'], ['?'], ['j', 'r']])
      expect(pressed([...keys, 'ctrl+c']).order).toEqual({ kind: 'quit', code: 130 })
  })
})

describe('keys on the items', () => {
  const from: View = { ...FIRST_VIEW, page: ITEMS, below: [FIRST_VIEW.page] }

  it.each([
    ['r', 'retry'],
    ['x', 'rm'],
    ['c', 'kill'],
  ] as const)('%s asks first, then orders %s of this one', (key, verb) => {
    const { view, order } = pressed([key], SHOWN, from)
    expect(order).toBeUndefined()
    expect(view.asked).toMatchObject({ deed: { verb, input: { id: ['mail/x1'], where: undefined } } })
    expect(press(view, 'y', SHOWN).order).toMatchObject({ kind: 'do', deed: { verb } })
  })

  it.each([
    [['p'], 'hold', 'mail/x1'],
    [['j', 'p'], 'release', 'mail/x2'],
  ])('%j orders %s of %s', (keys, verb, ref) => {
    expect(pressed(keys, SHOWN, from).order).toMatchObject({ deed: { verb, input: { id: [ref] } } })
  })

  it('f goes through all filters and around', () => {
    const seen = ['f', 'f', 'f', 'f', 'f', 'f'].map((_, n, all) => pressed(all.slice(0, n + 1), SHOWN, from).view.page)
    expect(seen.map((page) => page.kind === 'items' && page.filter)).toEqual([
      'running',
      'waiting',
      'held',
      'failed',
      'done',
      'unfinished',
    ])
  })
})

describe('a screenful', () => {
  const plain = (_: string, text: string) => text
  const top = { root: '/r', time: '2026-01-01T00:00:00.000Z', daemon: true, paused: false, queues: THREE, running: [] }
  const seen = (queues: TopQueue[]): Seen => ({ top: { ...top, queues } as Top, listing: undefined, lines: [] })
  const shoot = (queues: TopQueue[], height: number, width = 100, view = FIRST_VIEW) =>
    frame(view, seen(queues), { width, height }, 0, plain)

  it.each([1, 2, 3, 5, 8, 24, 100])('has exactly %i lines, none too wide', (height) => {
    const many = Array.from({ length: 60 }, (_, n) => queue(`\u5927${n}`))
    const lines = shoot(many, height, 30)
    expect(lines).toHaveLength(height)
    expect(Math.max(...lines.map(widthOf))).toBeLessThanOrEqual(30)
  })

  it('shows the selected queue of a thousand, wherever it is', () => {
    const many = Array.from({ length: 1000 }, (_, n) => queue(`q${n}`))
    for (const n of [0, 1, 17, 500, 998, 999]) {
      const lines = shoot(many, 24, 100, { ...FIRST_VIEW, page: { kind: 'queues', selected: `q${n}` } })
      expect(lines.filter((line) => line.startsWith('>')).map((line) => line.split(/ +/)[1])).toEqual([`q${n}`])
    }
  })

  it('keeps its columns in line whatever letters are in a name', () => {
    const names = [
      'plain',
      '\u5927\u962a\u306e\u30e1\u30fc\u30eb',
      'e\u0301te\u0301',
      '\u{1f4e8}mail',
      'x'.repeat(40),
      'a\u0007b',
    ]
    const [, ...lines] = queueLines({ ...top, queues: names.map((name) => queue(name, { que: 77 })) } as Top)
    const before = lines.map((pieces) => {
      const text = pieces.map((piece) => (typeof piece === 'string' ? piece : piece.text)).join('')
      return widthOf(text.slice(0, text.indexOf('77')))
    })
    expect(new Set(before).size).toBe(1)
  })

  it('drives no terminal by a name or a note', () => {
    const evil = 'a\u001b[2Jb\u009b\u202e'
    const lines = shoot([queue(evil, { failed: 1 })], 10, 100, { ...FIRST_VIEW, note: evil })
    const asked = { question: `Run ${evil}?`, deed: { verb: 'retry', input: {} } } as const
    expect([...lines, ...shoot([], 3, 100, { ...FIRST_VIEW, asked })].join('')).not.toMatch(
      /[\u0000-\u001f\u007f-\u009f\u202e]/,
    )
  })
})

describe('the width of text', () => {
  it.each([
    ['plain', 5],
    ['', 0],
    ['\u5927\u962a', 4],
    ['e\u0301', 1],
    ['\u00e9', 1],
    ['\u{1f600}', 2],
    ['\u200d', 0],
  ])('%j takes %i columns', (text, width) => {
    expect(widthOf(text)).toBe(width)
  })

  it.each([
    ['abcdef', 6, 'abcdef'],
    ['abcdef', 5, 'abcd\u2026'],
    ['\u5927\u962a\u5e02', 5, '\u5927\u962a\u2026'],
    ['\u5927\u962a\u5e02', 4, '\u5927\u2026'],
    ['abc', 1, '\u2026'],
    ['abc', 0, ''],
  ])('%j cut to %i columns is %j', (text, width, kept) => {
    expect(cut(text, width)).toBe(kept)
  })

  it('is filled up on either side', () => {
    expect(padEnd('\u5927', 4)).toBe('\u5927  ')
    expect(padStart('\u5927', 4)).toBe('  \u5927')
    expect(padEnd('abc', 2)).toBe('abc')
  })
})
