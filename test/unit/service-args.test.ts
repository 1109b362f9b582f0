import { describe, expect, it } from 'vitest'
import { parseCommandLine } from '../../src/cli/rq-args.ts'
import { usage } from '../../src/cli/rq-help.ts'
import { defineVerb } from '../../src/service/verb.ts'

const verb = defineVerb({
  summary: 'do it',
  arguments: {
    queue: { type: 'queue', summary: 'the queue' },
    file: { type: 'path', summary: 'files', many: true, optional: true },
  },
  options: {
    priority: { type: 'priority', summary: 'how soon', short: 'p' },
    tag: { type: 'tag', summary: 'tags', many: true },
    param: { type: 'pair', summary: 'parameters', many: true },
    link: { type: 'flag', summary: 'link' },
  },
  examples: [],
  run: async () => ({ value: undefined, problems: [] }),
})

const parse = (...args: string[]) => parseCommandLine(verb, args, 0)
const inputOf = (...args: string[]) => {
  const parsed = parse(...args)
  return parsed.ok ? parsed.taken.input : parsed.problem
}

describe('a command line', () => {
  it('gives every argument and option its value, given or not', () => {
    expect(inputOf('q')).toEqual({ queue: 'q', file: [], priority: undefined, tag: [], param: [], link: false })
  })
  it('mixes options and arguments in any order', () => {
    expect(inputOf('--link', 'q', '-p', '3', 'a', '--param', 'x=1', 'b', '--tag', 'm', '--tag=n', '--', '-c')).toEqual({
      queue: 'q',
      file: ['a', 'b', '-c'],
      priority: 3,
      tag: ['m', 'n'],
      param: [['x', '1']],
      link: true,
    })
  })
  it('takes several tags as one word', () => {
    expect(inputOf('q', '--tag', 'a,b')).toMatchObject({ tag: ['a', 'b'] })
  })
  it('may name the root, ask for JSON, or for help without anything else', () => {
    expect(parse('q', '--root', '/r', '--json')).toMatchObject({ ok: true, taken: { root: '/r', json: true } })
    expect(parse('--help')).toMatchObject({ ok: true, taken: { help: true } })
    expect(parse('-h')).toMatchObject({ ok: true, taken: { help: true } })
  })
  it.each([
    [[], /^QUEUE is missing$/],
    [['q', '--priorty', '1'], /no option --priorty: did you mean --priority\?/],
    [['q', '-x'], /no option -x/],
    [['q', '--priority'], /priority/],
    [['q', '--priority', '11'], /^--priority "11": expected 0/],
    [['q', '--link=yes'], /link/],
    [['q', '--tag', 'a b'], /^--tag "a b": expected/],
  ])('%j is misused, and it says how', (args, problem) => {
    expect(inputOf(...args)).toMatch(problem)
  })
  it('refuses an argument too many', () => {
    const one = { ...verb, arguments: { queue: verb.arguments.queue } }
    expect(parseCommandLine(one, ['a', 'b'], 0)).toEqual({ ok: false, problem: '"b" is one too many' })
  })
})

describe('the usage of a verb', () => {
  it('shows what is optional, and what may be repeated', () => {
    expect(usage('inject', verb)).toBe('inject QUEUE [FILE...] [OPTIONS]')
  })
})
