/** Help, made from the specifications of the verbs. */
import type { Spec, Specs, Verb } from '../service/verb.ts'
import type { Output } from './output.ts'
import { optionsOf } from './rq-args.ts'

export const EXIT_CODES =
  'Exit codes: 0 ok, 1 failed, 2 usage, 66 no such item or queue, 69 daemon needed and down, 74 outcome unknown, 75 busy.'

type Described = Pick<Verb, 'summary' | 'arguments' | 'options' | 'examples'> & { readonly details?: string }

export function overview(out: Output, verbs: Readonly<Record<string, { readonly summary: string }>>): void {
  out.line('rq: queues that are directories. What these commands do, `mv`, `touch` and `ls` do as well.')
  out.line('')
  out.line(out.paint('bold', 'Usage: rq COMMAND [ARGUMENTS] [OPTIONS]'))
  out.line('')
  pairs(
    out,
    Object.entries(verbs).map(([name, { summary }]) => [name, summary]),
  )
  out.line('')
  out.line('`rq COMMAND --help` shows its options and examples. Items are named by their id, any unique part of it,')
  out.line(
    'or QUEUE/NAME. The root is --root, else $RQ_ROOT, else /var/spool/rqd for root and ~/.local/state/rqd for others.',
  )
  out.line(EXIT_CODES)
}

export function verbHelp(out: Output, name: string, verb: Described): void {
  out.line(out.paint('bold', `Usage: rq ${usage(name, verb)}`))
  out.line('')
  out.line(`${verb.summary.charAt(0).toUpperCase()}${verb.summary.slice(1)}.`)
  if (verb.details !== undefined) for (const line of wrap(verb.details, 100)) out.line(line)
  section(out, 'Arguments', verb.arguments, argumentWord)
  section(out, 'Options', optionsOf(verb), optionWord)
  out.line('')
  out.line(out.paint('bold', 'Examples:'))
  pairs(
    out,
    verb.examples.map(({ command, says }) => [command, says]),
  )
}

/** `hold ID...`, `ls QUEUE [STATE] [OPTIONS]` */
export function usage(name: string, verb: Pick<Verb, 'arguments' | 'options'>): string {
  const words = Object.entries(verb.arguments).map(([argument, spec]) => {
    const word = argumentWord(argument, spec)
    return spec.optional === true ? `[${word}]` : word
  })
  return [name, ...words, ...(Object.keys(verb.options).length === 0 ? [] : ['[OPTIONS]'])].join(' ')
}

function section(out: Output, title: string, specs: Specs, word: (name: string, spec: Spec) => string): void {
  const entries = Object.entries(specs)
  if (entries.length === 0) return
  out.line('')
  out.line(out.paint('bold', `${title}:`))
  pairs(
    out,
    entries.map(([name, spec]) => [word(name, spec), spec.summary]),
  )
}

function argumentWord(name: string, spec: Spec): string {
  return `${name.toUpperCase()}${spec.many === true ? '...' : ''}`
}

function optionWord(name: string, spec: Spec): string {
  const value = spec.type === 'flag' ? '' : ` ${spec.value ?? spec.type.toUpperCase()}`
  const again = spec.many === true ? ' ...' : ''
  return `${spec.short === undefined ? '' : `-${spec.short}, `}--${name}${value}${again}`
}

function pairs(out: Output, entries: readonly (readonly [string, string])[]): void {
  const width = Math.min(40, Math.max(...entries.map(([word]) => word.length)))
  for (const [word, text] of entries) {
    if (word.length <= width) out.line(`  ${word.padEnd(width)}  ${text}`)
    else {
      out.line(`  ${word}`)
      out.line(`  ${' '.repeat(width)}  ${text}`)
    }
  }
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line]
}
