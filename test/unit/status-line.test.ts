import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  firstVerdict,
  lastProgress,
  parseStatusLine,
  parseStatusLines,
  type StatusLine,
} from '../../src/domain/status-line.ts'

describe('a line says', () => {
  const rows: [sentence: string, line: string, said: StatusLine][] = [
    ['progress', 'run half way', { kind: 'run', text: 'half way', percent: undefined }],
    ['progress in percent', 'run 40% unpacking', { kind: 'run', text: 'unpacking', percent: 40 }],
    ['percent alone', 'run 100%', { kind: 'run', text: '', percent: 100 }],
    ['no percent above 100', 'run 101% sure', { kind: 'run', text: '101% sure', percent: undefined }],
    ['no percent in the middle', 'run at 40%', { kind: 'run', text: 'at 40%', percent: undefined }],
    ['done', 'done', { kind: 'done', text: '' }],
    ['done with a text', 'done 7 rows', { kind: 'done', text: '7 rows' }],
    ['fail', 'fail no such file', { kind: 'fail', text: 'no such file' }],
    ['fail by its other word', 'err no such file', { kind: 'fail', text: 'no such file' }],
    ['fail by its oldest word', 'fails', { kind: 'fail', text: '' }],
    ['again, later', 'resend 60', { kind: 'resend', seconds: 60, text: '' }],
    ['again, with a reason', 'resend 60-busy-now', { kind: 'resend', seconds: 60, text: 'busy-now' }],
    ['again, at once', 'resend 0', { kind: 'resend', seconds: 0, text: '' }],
    [
      'a failure when the time is no number',
      'resend soon',
      { kind: 'fail', text: 'cannot read its line: resend soon' },
    ],
    ['a failure when the time is below zero', 'resend -5', { kind: 'fail', text: 'cannot read its line: resend -5' }],
    ['relay to a queue', 'relay other queue', { kind: 'relay', dest: 'other queue' }],
    ['relay to where the queue relays to', 'relay', { kind: 'relay', dest: '' }],
    ['relayed already', 'relayed http://host/q', { kind: 'relayed', url: 'http://host/q' }],
    ['copy it', 'dup 0-X-other-queue', { kind: 'dup', seconds: 0, params: 'X', dest: 'other-queue' }],
    ['copy it without parameters', 'dup 10--other', { kind: 'dup', seconds: 10, params: '', dest: 'other' }],
    ['nothing of a copy to nowhere', 'dup 0-X-', { kind: 'unknown', text: 'dup 0-X-' }],
    ['nothing that we know', 'hello world', { kind: 'unknown', text: 'hello world' }],
    ['nothing when the word is another case', 'DONE', { kind: 'unknown', text: 'DONE' }],
    ['the same with the line end of other systems', 'done\r', { kind: 'done', text: '' }],
    ['the same with more blanks', 'done   x ', { kind: 'done', text: 'x' }],
    ['the same with a tab', 'done\tx', { kind: 'done', text: 'x' }],
  ]
  it.each(rows)('%s', (_sentence, line, said) => {
    expect(parseStatusLine(line)).toEqual(said)
  })
})

describe('of many lines', () => {
  it('only whole ones count', () => {
    expect(parseStatusLines('run a\ndone')).toEqual([{ kind: 'run', text: 'a', percent: undefined }])
    expect(parseStatusLines('done')).toEqual([])
    expect(parseStatusLines('')).toEqual([])
  })
  it('empty ones are nothing', () => {
    expect(parseStatusLines('\n\ndone\n\n')).toEqual([{ kind: 'done', text: '' }])
  })
  it('the first verdict wins', () => {
    expect(firstVerdict(parseStatusLines('run a\nfail no\ndone\n'))).toEqual({ kind: 'fail', text: 'no' })
    expect(firstVerdict(parseStatusLines('run a\ndup 0-X-y\nhello\n'))).toBeUndefined()
  })
  it('the last progress is what people see', () => {
    expect(lastProgress(parseStatusLines('run 1% a\nrun 2% b\ndone\n'))).toMatchObject({ percent: 2, text: 'b' })
    expect(lastProgress([])).toBeUndefined()
  })
})

it('any text is read without an exception, one meaning for each whole line that is not empty', () => {
  const line = fc.oneof(
    fc.string(),
    fc
      .tuple(
        fc.constantFrom('run', 'done', 'resend', 'relay', 'dup', 'err'),
        fc.constantFrom(' ', '\t', ''),
        fc.string(),
      )
      .map((parts) => parts.join('')),
  )
  fc.assert(
    fc.property(fc.array(line), (lines) => {
      const text = lines.map((one) => `${one}\n`).join('')
      const whole = text.split('\n').filter((one) => one.trim() !== '')
      const parsed = parseStatusLines(text)
      expect(parsed.length).toBe(whole.length)
      expect(parseStatusLines(`${text}don`)).toEqual(parsed)
    }),
  )
})
