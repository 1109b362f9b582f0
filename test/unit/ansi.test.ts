import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AnsiText, parseAnsi, textOf } from '../../src/dashboard/ansi.ts'

const E = '\u001b'
const texts = (text: string) => parseAnsi(text).map(textOf)
const spans = (text: string) => parseAnsi(text).flat()

describe('what a program wrote to a terminal', () => {
  it.each([
    ['plain lines', 'a\nb', ['a', 'b']],
    ['a progress bar that is written over itself', '10%\r20%\r100%', ['100%']],
    ['what is shorter leaves the rest', 'abcdef\rxy', ['xycdef']],
    ['erased to the end of the line', `abcdef\rxy${E}[K`, ['xy']],
    ['the whole line erased', `abcdef${E}[2K\rxy`, ['xy']],
    ['up to here erased', `abcdef\r${E}[2C${E}[1K`, ['   def']],
    ['CR LF is one end of line', 'a\r\nb\r\n', ['a', 'b', '']],
    ['backspace', 'abc\b\bX', ['aXc']],
    ['up and down', `one\ntwo\n${E}[2A\rONE${E}[1B\rTWO`, ['ONE', 'TWO', '']],
    ['up over the first line', `a${E}[99A\rb`, ['b']],
    ['right over the end', `a${E}[3Cb`, ['a   b']],
    ['right without an end is bounded', `a${E}[999999999Cb`, [`a${' '.repeat(1000)}b`]],
    ['a column', `abc${E}[2GX`, ['aXc']],
    ['a title, by OSC', `${E}]0;title\u0007text`, ['text']],
    ['a link, by OSC 8', `${E}]8;;https://evil.example/${E}\\click${E}]8;;${E}\\`, ['click']],
    ['private modes', `${E}[?25lx${E}[?25h`, ['x']],
    ['NUL and other controls are shown', 'a\u0000b\u0001c\u007f', ['a␀b␁c␡']],
    ['C1 controls do nothing', 'a\u009b31mb', ['a\ufffd31mb']],
    ['HTML is text', '<script>alert(1)</script>&amp;', ['<script>alert(1)</script>&amp;']],
    ['an escape that is none is left out', `a${E}\u0001b`, ['a␁b']],
    ['other sequences', `a${E}(Bb${E}=c${E}[2Jd`, ['abcd']],
  ])('%s', (_, text, lines) => {
    expect(texts(text)).toEqual(lines)
  })

  it.each([
    ['31', { fore: 1 }],
    ['1;4;97', { bold: true, underline: true, fore: 15 }],
    ['38;5;9', { fore: 9 }],
    ['38;5;196', { fore: '#ff0000' }],
    ['48;5;244', { back: '#808080' }],
    ['38;2;1;2;255', { fore: '#0102ff' }],
    ['38:2:1:2:255', { fore: '#0102ff' }],
    ['38;2;1;2;999', undefined],
    ['31;0', undefined],
    ['1;2;22;3', { italic: true }],
    ['31;39;44;49', undefined],
    ['', undefined],
  ])('ESC [ %s m', (parameters, style) => {
    expect(spans(`${E}[${parameters}mx`)).toEqual([{ text: 'x', style }])
  })

  it('joins what looks alike, and keeps colours when text is written over', () => {
    expect(spans(`${E}[31ma${E}[31mb${E}[0mc`)).toEqual([
      { text: 'ab', style: { fore: 1 } },
      { text: 'c', style: undefined },
    ])
    expect(spans(`${E}[31mabc\r${E}[32mX`)).toEqual([
      { text: 'X', style: { fore: 2 } },
      { text: 'bc', style: { fore: 1 } },
    ])
  })

  it('reads megabytes in one line', () => {
    const parsed = new AnsiText()
    for (let n = 0; n < 64; n += 1) parsed.push('x'.repeat(65_536))
    expect(parsed.lines).toHaveLength(1)
    expect(textOf(parsed.lines[0] ?? [])).toHaveLength(4_194_304)
  })
})

const piece = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom(
    '\n',
    '\r',
    '\b',
    '\u0000',
    `${E}[`,
    `${E}]8;;`,
    `${E}\\`,
    '\u0007',
    E,
    '31',
    ';',
    'm',
    'K',
    '2A',
    'C',
  ),
  fc.tuple(fc.nat(200), fc.constantFrom(...'mKGCDABEFJHhl')).map(([n, final]) => `${E}[${n}${final}`),
)
const anyOutput = fc.array(piece, { maxLength: 60 }).map((pieces) => pieces.join(''))

describe('any bytes at all', () => {
  it('never throws, and shows no control character', () => {
    fc.assert(
      fc.property(anyOutput, (text) => {
        for (const line of texts(text)) expect(line).not.toMatch(/[\u0000-\u0008\u000a-\u001f\u007f-\u009f]/)
      }),
    )
  })

  it('says the same however it is cut into pieces', () => {
    fc.assert(
      fc.property(anyOutput, fc.nat(20), (text, size) => {
        const parsed = new AnsiText()
        for (let at = 0; at < text.length; at += size + 1) parsed.push(text.slice(at, at + size + 1))
        expect(parsed.lines.map(textOf)).toEqual(texts(text))
      }),
    )
  })

  it('keeps all text that stands between colours', () => {
    const plain = fc.string({ unit: 'grapheme' }).map((text) => text.replace(/\p{Cc}/gu, ' '))
    const colour = fc.tuple(fc.nat(120), fc.nat(300)).map(([a, b]) => `${E}[${a};${b}m`)
    const parts = fc.array(fc.tuple(plain, colour))
    fc.assert(
      fc.property(parts, (given) => {
        const text = given.map(([words, sgr]) => words + sgr).join('')
        expect(texts(text)).toEqual([given.map(([words]) => words).join('')])
      }),
    )
  })
})
