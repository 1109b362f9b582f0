/** Many items at once: a message in each line. */
import { useState } from 'preact/hooks'
import { answerOf, apiUrl, OURS, Refusal, type Said, wordsOf } from '../api.ts'
import { itemHref } from '../links.ts'
import { itemsText } from '../ui/format.ts'
import { toast } from '../ui/toasts.tsx'

interface Refused {
  /** The line itself; undefined: it is about all of them. */
  readonly line: string | undefined
  readonly text: string
}

interface Outcome {
  readonly published: number
  readonly ids: readonly string[]
  readonly refused: readonly Refused[]
  /** What remains to be sent. */
  readonly rest: string
}

export function InjectLines({ queue }: { readonly queue: string }) {
  const { text, setText, said, isSending, send } = useLines(queue)
  const count = text.split('\n').filter((line) => line.trim() !== '').length
  return (
    <section class="panel" aria-label="JSON lines">
      <h2>JSON lines</h2>
      <label class="field">
        <span>A message in each line</span>
        <textarea
          class="mono"
          rows={10}
          spellcheck={false}
          readOnly={isSending}
          placeholder={'{"param1": "a", "params": {"city": "Bonn"}}\n{"param1": "b"}'}
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
        />
      </label>
      <RefusedLines {...said} />
      <div class="buttons">
        <button type="button" class="primary" disabled={count === 0 || isSending} onClick={() => void send()}>
          {count === 0 ? 'Inject' : `Inject ${itemsText(count)}`}
        </button>
      </div>
    </section>
  )
}

const SHOWN = 20

type Told = Pick<Outcome, 'published' | 'refused'>

function RefusedLines({ refused, published }: Told) {
  if (refused.length === 0) return null
  return (
    <div class="notice bad" role="alert">
      <p>{published === 0 ? 'Nothing is injected:' : `${itemsText(published)} injected, and what follows is not:`}</p>
      <ul class="refused">
        {refused.slice(0, SHOWN).map(({ line, text }, n) => (
          <li key={n}>
            {line !== undefined && <code>{line}</code>} {text}
          </li>
        ))}
        {refused.length > SHOWN && <li>and {refused.length - SHOWN} more</li>}
      </ul>
    </div>
  )
}

function useLines(queue: string) {
  const [text, setText] = useState('')
  const [said, setSaid] = useState<Told>({ published: 0, refused: [] })
  const [isSending, setSending] = useState(false)
  const send = async () => {
    setSending(true)
    try {
      const outcome = await sendLines(queue, text)
      // What is in the queue is not sent a second time.
      setText(outcome.rest)
      setSaid(outcome)
      const links = outcome.ids.map((id) => ({ href: itemHref(queue, id), text: id }))
      if (outcome.published > 0) toast(`${itemsText(outcome.published)} injected into ${queue}`, { links })
    } catch (error) {
      setSaid({ published: 0, refused: [{ line: undefined, text: wordsOf(error) }] })
    } finally {
      setSending(false)
    }
  }
  return { text, setText, said, isSending, send }
}

interface Published {
  readonly published: number
  readonly ids: readonly string[]
}

async function sendLines(queue: string, text: string): Promise<Outcome> {
  const response = await fetch(apiUrl(`/queues/${encodeURIComponent(queue)}/items`), {
    ...{ method: 'POST', headers: { ...OURS, 'content-type': 'application/x-ndjson' }, body: text },
  })
  try {
    const { value, problems } = await answerOf<Published>(response)
    return { published: value.published, ids: value.ids, ...refusedIn(text, problems) }
  } catch (error) {
    // None was taken; where it is for what a line says, it is said line by line.
    if (!(error instanceof Refusal) || !error.problems.some((one) => numberIn(one) !== undefined)) throw error
    return { published: 0, ids: [], ...refusedIn(text, error.problems) }
  }
}

/** `line 3: is no JSON`: lines are counted from 1. */
const OF_LINE = /^line (\d+): (.*)$/s

function numberIn({ text }: Said): number | undefined {
  const found = OF_LINE.exec(text)?.[1]
  return found === undefined ? undefined : Number(found)
}

function refusedIn(text: string, problems: readonly Said[]): Pick<Outcome, 'refused' | 'rest'> {
  const lines = text.split('\n')
  const numbers = problems.map(numberIn)
  // A problem without a line ends the whole: which lines came before it is not known.
  const isAboutAll = numbers.includes(undefined)
  const refused = problems.map((said, n) => {
    const number = numbers[n]
    return number === undefined
      ? { line: undefined, text: said.text }
      : { line: lines[number - 1]?.trim(), text: OF_LINE.exec(said.text)?.[2] ?? said.text }
  })
  const rest = numbers.flatMap((number) => (number === undefined ? [] : (lines[number - 1] ?? [])))
  return { refused, rest: isAboutAll ? text : rest.map((line) => `${line}\n`).join('') }
}
