import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { exactArguments } from '../../src/cli/rq-args.ts'
import { bytesOf, parseTime, parseValue } from '../../src/service/values.ts'

const NOW = new Date(2026, 10, 22, 10, 15, 30).getTime()

describe('a time on the command line', () => {
  it.each([
    ['@1795342500', 1_795_342_500_000],
    ['2026-11-22T10:15', new Date(2026, 10, 22, 10, 15).getTime()],
    ['2026-11-22 10:15:07', new Date(2026, 10, 22, 10, 15, 7).getTime()],
    ['2026-11-22T10:15:00Z', Date.UTC(2026, 10, 22, 10, 15)],
    ['2026-11-22T10:15+02:00', Date.UTC(2026, 10, 22, 8, 15)],
    ['2026-11-22', new Date(2026, 10, 22).getTime()],
    ['11:00', new Date(2026, 10, 22, 11, 0).getTime()],
    ['10:15', new Date(2026, 10, 23, 10, 15).getTime()],
    [' 23:59:59 ', new Date(2026, 10, 22, 23, 59, 59).getTime()],
  ])('%j is read', (text, time) => {
    expect(parseTime(text, NOW)).toBe(time)
  })
  it.each(['', 'tomorrow', '24:00', '10:60', '2026-13-01', '2026-11-22T25:00', '1795342500', '@', '@-1', '10'])(
    '%j is none',
    (text) => {
      expect(parseTime(text, NOW)).toBeUndefined()
    },
  )
})

describe('a value', () => {
  it.each([
    ['priority', '0', 0],
    ['priority', '9', 9],
    ['duration', '90', 90_000],
    ['duration', '1h30m', 5_400_000],
    ['count', '0', 0],
    ['bytes', '999999999999999', 999_999_999_999_999],
    ['tag', 'a.b:c@d-e_9', 'a.b:c@d-e_9'],
    ['pair', 'a=b=c', ['a', 'b=c']],
    ['pair', 'a=', ['a', '']],
    ['id', '20261122T101500.123456-x7f2k9', '20261122T101500.123456-x7f2k9'],
  ] as const)('of type %s is read from %j', (type, text, value) => {
    expect(parseValue(type, text, NOW)).toEqual({ ok: true, value })
  })
  it.each([
    ['priority', '10'],
    ['priority', '-1'],
    ['duration', '5 minutes'],
    ['count', 'x'],
    ['bytes', '-1'],
    ['bytes', '1e3'],
    ['bytes', '9999999999999999'],
    ['tag', 'a,b'],
    ['tag', 'a b'],
    ['pair', '=b'],
    ['pair', 'ab'],
    ['id', 'x7f2k9'],
    ['path', ''],
    ['path', 'a\0b'],
  ] as const)('of type %s is not read from %j, and it says what it expects', (type, text) => {
    expect(parseValue(type, text, NOW)).toEqual({ ok: false, problem: expect.stringMatching(/^expected /) })
  })
})

describe('the bytes of an argument', () => {
  const commandLine = (args: readonly Buffer[]) => () =>
    Buffer.concat([Buffer.from('node\0rq\0'), ...args.flatMap((arg) => [arg, Buffer.of(0)])])

  it('are kept when they are no UTF-8', () => {
    const name = Buffer.from('caf\xe9 \xff\xfe', 'latin1')
    const [exact = ''] = exactArguments([name.toString()], commandLine([name]))
    expect(Buffer.from(bytesOf(exact), 'latin1')).toEqual(name)
  })
  it('are kept whatever they are', () => {
    const bytes = fc.uint8Array({ minLength: 1, maxLength: 40 }).map((all) => Buffer.from(all.map((byte) => byte || 1)))
    fc.assert(
      fc.property(fc.array(bytes, { minLength: 1, maxLength: 4 }), (args) => {
        const exact = exactArguments(
          args.map((arg) => arg.toString()),
          commandLine(args),
        )
        expect(exact.map((text) => Buffer.from(bytesOf(text), 'latin1'))).toEqual(args)
      }),
    )
  })
  it('are not asked of the kernel when all is UTF-8', () => {
    const never = () => {
      throw new Error('asked')
    }
    expect(exactArguments(['café', '😀'], never)).toEqual(['café', '😀'])
  })
})
