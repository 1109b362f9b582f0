/** What is said to people at a command line, said to programs: options are fields there, and commands are routes. */
import { VERBS } from '../service/registry.ts'
import type { Verb } from '../service/verb.ts'

const OPTIONS = new Set(
  (Object.values(VERBS) as unknown as readonly Verb[]).flatMap(({ options }) => Object.keys(options)),
)

/** What somebody gave, and what a hook of the queue says, is not ours to reword. */
const VERBATIM = /("(?:[^"\\]|\\.)*"|: hook \w+: .*)/s
/** A command, or an option with the word that stands for its value: `--where QUERY`, `--file -`. */
const SPOKEN = /`rq ([^`]*)`|(?<![\w`-])--([a-z][a-z0-9-]*)(?: (?:[A-Z]{2,}(?:=[A-Z]+)?|-)(?![\w-]))?/g

/** `--if-version` is the field `if_version`; `rq kill` is what the route of that name does. */
export function inWordsOfHttp(text: string): string {
  return text
    .split(VERBATIM)
    .map((piece, index) => (index % 2 === 1 ? piece : piece.replace(SPOKEN, spokenOverHttp)))
    .join('')
}

function spokenOverHttp(whole: string, command: string | undefined, option: string | undefined): string {
  if (command !== undefined) return `\`${command.replace(/ --.*/s, '')}\``
  return option !== undefined && OPTIONS.has(option) ? `\`${option.replaceAll('-', '_')}\`` : whole
}
