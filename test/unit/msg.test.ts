import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatMsg, MAX_MSG_BYTES, parseMsg } from '../../src/domain/msg.ts'

function problem(text: string): string | undefined {
  const parsed = parseMsg(text)
  return parsed.ok ? undefined : parsed.problem
}

describe('a message is taken', () => {
  const rows: [sentence: string, text: string, msg: object][] = [
    ['when it is empty', '{}', {}],
    ['with its text as it is', '{"param1":"a","src":"b"}', { param1: 'a', src: 'b' }],
    ['with a number for text as text', '{"param1":7}', { param1: '7' }],
    ['with a boolean for text as text', '{"dest":true}', { dest: 'true' }],
    ['with a number that is no double for text as text', '{"param1":9007199254740993}', { param1: '9007199254740993' }],
    [
      'with what it is reckoned with as doubles',
      '{"attempts":[{"n":1,"cpu":0.1000000000000000000001}]}',
      { attempts: [{ n: 1, cpu: 0.1 }] },
    ],
    ['without the text that is null', '{"param1":null,"param2":"b"}', { param2: 'b' }],
    ['with keys that nobody knows', '{"colour":{"x":[1]}}', { colour: { x: [1] } }],
    ['with its attempts', '{"attempts":[{"n":1,"verdict":"fail"}]}', { attempts: [{ n: 1, verdict: 'fail' }] }],
    ['with its relay', '{"relay":{"to":"a","id":"b"}}', { relay: { to: 'a', id: 'b' } }],
    ['with a key that looks like a prototype', '{"constructor":1}', { constructor: 1 }],
  ]
  it.each(rows)('%s', (_sentence, text, msg) => {
    expect(parseMsg(text)).toEqual({ ok: true, msg })
  })

  it('and gives nothing a new prototype', () => {
    const parsed = parseMsg('{"__proto__":{"dest":"evil"}}')
    expect(parsed.ok && parsed.msg.dest).toBeUndefined()
    expect(Object.getPrototypeOf(parsed.ok ? parsed.msg : undefined)).toBe(Object.prototype)
  })
})

describe('a message is refused, and says why', () => {
  const deep = '['.repeat(5000) + ']'.repeat(5000)
  const rows: [sentence: string, text: string, why: RegExp][] = [
    ['when it is empty', '', /not JSON/],
    ['when it is torn', '{"param1":"a', /not JSON/],
    ['when it is a list', '[]', /not a JSON object/],
    ['when it is null', 'null', /not a JSON object/],
    ['when it is text', '"x"', /not a JSON object/],
    ['with a list for text', '{"param2":[]}', /"param2" is not text/],
    ['with params that are no object', '{"params":[1]}', /"params"/],
    ['with params that are a number, however long', '{"params":9007199254740993}', /"params"/],
    ['when it is a number, however long', '9007199254740993', /not a JSON object/],
    ['with attempts that are no list', '{"attempts":{}}', /"attempts"/],
    ['with an attempt without a number', '{"attempts":[{}]}', /"attempts"/],
    ['with an attempt of a fraction', '{"attempts":[{"n":1.5}]}', /"attempts"/],
    ['with an attempt below zero', '{"attempts":[{"n":-1}]}', /"attempts"/],
    ['with an attempt number that no file name of ours holds', '{"attempts":[{"n":99999999999}]}', /"attempts"/],
    ['with a verdict that does not exist', '{"attempts":[{"n":1,"verdict":"maybe"}]}', /"attempts"/],
    ['with a due time that is no number', '{"attempts":[{"n":1,"verdict":"reschedule","due":"x"}]}', /"attempts"/],
    ['with a target that is no text', '{"attempts":[{"n":1,"verdict":"relay","to":["x"]}]}', /"attempts"/],
    ['with half a relay', '{"relay":{"to":"a"}}', /"relay"/],
    ['when it is so deep that it could not be written again', `{"x":${deep}}`, /nested/],
  ]
  it.each(rows)('%s', (_sentence, text, why) => {
    expect(problem(text)).toMatch(why)
  })
})

it('a number that is no double is written as it was read, at any depth', () => {
  const nested = `${'['.repeat(199)}9007199254740993${']'.repeat(199)}`
  const parsed = parseMsg(`{"x":${nested},"attempts":[{"n":1,"more":1e400}]}`)
  expect(parsed.ok && formatMsg(parsed.msg)).toBe(`{\n "x": ${nested},\n "attempts": [{"n":1,"more":1e400}]\n}\n`)
})

describe('any text', () => {
  it('is read without an exception', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => void parseMsg(text)))
  })
  it('that is taken can be written, and is then the same', () => {
    const value = fc.dictionary(
      fc.oneof(fc.constantFrom('dest', 'param1', 'params', 'attempts', 'relay', 'x'), fc.string()),
      fc.oneof(
        fc.jsonValue(),
        fc.constant([{ n: 1 }]),
        fc.constant({ to: 'a', id: 'b' }),
        fc.record({ deep: fc.jsonValue({ maxDepth: 30 }) }),
      ),
    )
    fc.assert(
      fc.property(value, (object) => {
        const parsed = parseMsg(JSON.stringify(object))
        if (parsed.ok) expect(parseMsg(formatMsg(parsed.msg))).toEqual(parsed)
      }),
    )
  })
})

it('a message with the history of all its attempts does not grow much beyond what it was', () => {
  const params = Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`k${i}`, Array(4000).fill(1)]))
  const before = JSON.stringify({ params })
  expect(before.length).toBeLessThan(MAX_MSG_BYTES)
  const parsed = parseMsg(before)
  if (parsed.ok) expect(formatMsg(parsed.msg).length).toBeLessThan(before.length + 1000)
})
