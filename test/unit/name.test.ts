import { describe, expect, it } from 'vitest'
import {
  displayName,
  fileNameProblem,
  formatItemName,
  idHead,
  idTail,
  idTime,
  isVisible,
  makeId,
  minuteBucket,
  parseItemId,
  parseItemName,
  parseQueueName,
  rawName,
  safeTail,
} from '../../src/domain/name.ts'

const ID = '20261122T101500.123456-x7f2k9'

describe('an item name says', () => {
  const rows: [sentence: string, raw: string, said: Partial<ReturnType<typeof parseItemName>>][] = [
    [
      'nothing but itself, with the default priority',
      'job.csv',
      { base: 'job.csv', priority: 5, due: undefined, tags: [] },
    ],
    ['a priority', 'job.csv,p1', { base: 'job.csv', priority: 1 }],
    ['a time before which it must not run', 'job.csv,t1800000000', { base: 'job.csv', due: 1_800_000_000 }],
    ['tags, in their order', 'a,+x,+y', { base: 'a', tags: ['x', 'y'] }],
    ['the same tag twice, as written', 'a,+x,+x', { base: 'a', tags: ['x', 'x'] }],
    ['all three, in any order', 'a,+x,t9,p0,+y', { base: 'a', priority: 0, due: 9, tags: ['x', 'y'] }],
    ['an id', ID, { base: ID, id: ID, isMessage: false } as never],
    ['an id under suffixes', `${ID},p2,t7`, { id: ID, priority: 2, due: 7 } as never],
    ['that it is the message itself', `${ID}.msg`, { base: `${ID}.msg`, id: ID, isMessage: true } as never],
    ['a message under suffixes: they are stripped before .msg', `${ID}.msg,p1`, { id: ID, isMessage: true } as never],
    ['a message without an id', 'hello.msg', { base: 'hello.msg', isMessage: true, id: undefined }],
    ['no message when there is nothing before .msg', '.msg', { base: '.msg', isMessage: false }],
    ['a suffix behind .msg is no longer .msg', 'x,p1.msg', { base: 'x,p1.msg', isMessage: true, priority: 5 }],
    ['an empty base never: the first comma belongs to it', ',p1', { base: ',p1', priority: 5 }],
    ['a priority of two digits is part of the name', 'a,p10', { base: 'a,p10', priority: 5 }],
    ['a time of twelve digits is part of the name', 'a,t100000000000', { base: 'a,t100000000000', due: undefined }],
    ['an empty tag is part of the name', 'a,+', { base: 'a,+', tags: [] }],
    ['a tag of 65 characters is part of the name', `a,+${'x'.repeat(65)}`, { tags: [] }],
    ['a negative time is part of the name', 'a,t-5', { base: 'a,t-5' }],
    ['what stands left of something unknown is not read', 'a,p1,zzz', { base: 'a,p1,zzz', priority: 5 }],
    ['a second priority is part of the name', 'a,p1,p2', { base: 'a,p1', priority: 2 }],
    ['a newline is a byte like any other', 'a\nb,p1', { base: 'a\nb', priority: 1 }],
    ['a newline at the end of a suffix makes it none', 'a,p1\n', { base: 'a,p1\n', priority: 5 }],
    ['bytes that are not UTF-8 stay', 'caf\xe9,p1', { base: 'caf\xe9', priority: 1 }],
  ]
  it.each(rows)('%s', (_sentence, raw, said) => {
    expect(parseItemName(raw)).toMatchObject(said)
  })
})

describe('a name keeps its meaning when the item moves', () => {
  const rows: [sentence: string, raw: string, after: string][] = [
    ['suffixes come in one order', 'a,+x,t9,p0', 'a,p0,t9,+x'],
    ['the default priority is left out', 'a,p5', 'a'],
    ['unless that would turn a part of the base into a priority', 'a,p1,p5', 'a,p1,p5'],
    ['a name that repeats a time keeps both', 'a,t1,t2', 'a,t1,t2'],
  ]
  it.each(rows)('%s', (_sentence, raw, after) => {
    expect(formatItemName(parseItemName(raw))).toBe(after)
  })

  it('a dropped due time does not uncover another one in the base', () => {
    const { due: _, ...rest } = parseItemName('a,t99999999999,t2')
    expect(parseItemName(formatItemName(rest))).toMatchObject({ base: 'a,t99999999999', due: 0 })
  })
  it('a due time with a fraction is rounded up: never too early', () => {
    expect(formatItemName({ base: 'a', due: 1.2 })).toBe('a,t2')
  })
  it('a due time that no suffix can hold is the nearest that one can', () => {
    expect(formatItemName({ base: 'a', due: 1e15 })).toBe('a,t99999999999')
    expect(formatItemName({ base: 'a', due: -7 })).toBe('a,t0')
  })
  it('tags that would make a name longer than a directory takes are left out', () => {
    const tags = ['a', 'b', 'c', 'd'].map((letter) => letter.repeat(64))
    const name = formatItemName({ base: ID, priority: 1, due: 1_800_000_000, tags })
    expect(name.length).toBeLessThanOrEqual(255)
    expect(parseItemName(name)).toMatchObject({ id: ID, priority: 1, due: 1_800_000_000, tags: tags.slice(0, 3) })
  })
})

describe('an entry is', () => {
  const rows: [sentence: string, raw: string, visible: boolean][] = [
    ['an item', 'job.csv', true],
    ['invisible with a leading dot', '.job.csv', false],
    ['invisible while it ends in .tmp', 'job.csv.tmp', false],
    ['invisible while it ends in .part', 'job.csv.part', false],
    ['invisible with a suffix behind .tmp too', 'job.csv.tmp,p1', false],
    ['an item when .tmp stands inside', 'job.tmp.csv', true],
    ['an item when a strange suffix follows .tmp', 'job.tmp,zzz', true],
    ['invisible when it is nothing but .tmp', '.tmp', false],
  ]
  it.each(rows)('%s', (_sentence, raw, visible) => {
    expect(isVisible(raw)).toBe(visible)
  })
})

describe('an id', () => {
  it('is UTC to the microsecond and random', () => {
    expect(makeId(Date.UTC(2026, 10, 22, 10, 15, 0, 123), 456, 'x7f2k9')).toBe(ID)
  })
  it('ends in the dropped file name, made safe', () => {
    expect(makeId(Date.UTC(2026, 10, 22, 10, 15, 0, 123), 456, 'x7f2k9', 'my report é.csv')).toBe(
      `${ID}-my_report_.csv`,
    )
  })
  it('tells its time and its parts', () => {
    const id = makeId(Date.UTC(2026, 10, 22, 10, 15, 0, 123), 7, 'abcdef', 'report.csv')
    expect(idTime(id)).toBe(Date.UTC(2026, 10, 22, 10, 15, 0, 123))
    expect(idTail(id)).toBe('report.csv')
    expect(idHead(id)).toBe('20261122T101500.123007-abcdef')
  })
  it('of an impossible date still has a time', () => {
    const id = parseItemId('99999999T999999.999999-abcdef')
    expect(id).toBeDefined()
    if (id !== undefined) expect(idTime(id)).toBe(0)
  })

  const tails: [sentence: string, from: string, tail: string][] = [
    ['no leading dots or dashes', '..-x', 'x'],
    ['a long name loses its beginning', `${'a'.repeat(200)}.csv`, `${'a'.repeat(56)}.csv`],
    ['a name that would read as a message does not', 'x.msg', 'x_msg'],
    ['nor as a temporary file', 'x.tmp', 'x_tmp'],
    ['nor as a part', 'x.part', 'x_part'],
    ['nothing of nothing', '', ''],
    ['nothing of what is not safe at all', '...', ''],
    ['a newline is not safe', 'a\nb', 'a_b'],
  ]
  it.each(tails)('takes %s', (_sentence, from, tail) => {
    expect(safeTail(from)).toBe(tail)
  })

  const wrong: [sentence: string, text: string][] = [
    ['a name', 'report.csv'],
    ['an id cut short', ID.slice(0, -1)],
    ['an id with an upper case random', ID.toUpperCase()],
    ['an id with an empty tail', `${ID}-`],
    ['an id with a slash', `${ID}-a/b`],
    ['an id with a newline at its end', `${ID}\n`],
    ['a reserved ending', `${ID}-x.msg`],
    ['more than 150 bytes', `${ID}-${'x'.repeat(121)}`],
  ]
  it.each(wrong)('is not %s', (_sentence, text) => {
    expect(parseItemId(text)).toBeUndefined()
  })
})

describe('a queue name', () => {
  const rows: [sentence: string, text: string, good: boolean][] = [
    ['is a word', 'mail', true],
    ['may hold blanks', 'outgoing mail', true],
    ['may be any UTF-8', 'Übergröße 日本', true],
    ['may begin with a dash', '-mail', true],
    ['is not empty', '', false],
    ['has no leading dot', '.mail', false],
    ['has no slash', 'a/b', false],
    ['has no newline', 'a\nb', false],
    ['has no DEL', 'a\x7f', false],
    ['has no eight-bit control character: terminals obey them', 'a\x9bb', false],
    ['is not what a decoder makes of bytes that are not UTF-8', 'a\ufffd', false],
    ['has no half of a surrogate pair', 'a\ud800', false],
    ['is at most 128 bytes', 'x'.repeat(128), true],
    ['is at most 128 bytes, not characters', 'é'.repeat(65), false],
  ]
  it.each(rows)('%s', (_sentence, text, good) => {
    expect(parseQueueName(text)).toBe(good ? text : undefined)
  })
})

describe('a name for people', () => {
  const rows: [sentence: string, raw: string, shown: string][] = [
    ['is itself when it is ASCII', 'a b.csv', 'a b.csv'],
    ['is decoded when it is UTF-8', rawName('Größe'), 'Größe'],
    ['keeps a byte order mark', rawName('\ufeffa'), '\ufeffa'],
    ['is percent-encoded when it is not UTF-8', 'caf\xe9 100%', 'caf%E9 100%25'],
    ['keeps a percent sign when it is UTF-8', '100%', '100%'],
  ]
  it.each(rows)('%s', (_sentence, raw, shown) => {
    expect(displayName(raw)).toBe(shown)
  })
})

it('a finished item lies by its minute, UTC', () => {
  expect(minuteBucket(Date.UTC(2026, 10, 2, 3, 4, 59, 999))).toBe('20261102/0304')
})

describe('the name of a file in a directory', () => {
  it.each(['a', '.hidden', 'x.part', '-rf', 'new\nline', 'caf\xe9', '...', ' ', 'n'.repeat(255), '%2e%2e'])(
    'may be %j',
    (name) => {
      expect(fileNameProblem(name)).toBeUndefined()
    },
  )
  it.each(['', '.', '..', '/', 'a/b', '../a', 'a/', 'nul\0', 'n'.repeat(256)])('is never %j', (name) => {
    expect(fileNameProblem(name)).toMatch(/name/)
  })
})
