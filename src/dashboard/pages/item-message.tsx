/** The message of an item: folded JSON, and an editor that minds who else changed it. */
import { useState } from 'preact/hooks'
import { ExactNumber, formatJson, isRecord, readJson } from '../../domain/json.ts'
import type { Shown } from '../../service/show.ts'
import { change, get, itemPath, Refusal, wordsOf } from '../api.ts'
import { useKeys } from '../keys.ts'
import { may } from '../session.ts'
import { Dialog, DialogEnd } from '../ui/dialog.tsx'
import { JsonView } from '../ui/json-view.tsx'
import { toast } from '../ui/toasts.tsx'
import { copy } from './item-copy.tsx'

interface Props {
  readonly item: Shown
  readonly onChanged: () => void
}

const EDITABLE: ReadonlySet<string> = new Set(['waiting', 'scheduled', 'held', 'failed', 'unavailable'])

export function Message({ item, onChanged }: Props) {
  const [edited, setEdited] = useState<Shown>()
  const mayEdit = may('operator') && EDITABLE.has(item.status) && item.version !== null
  useKeys(mayEdit ? [{ keys: 'e', says: 'edit the message', run: () => setEdited(item) }] : [])
  if (item.msg_problem !== undefined) return <p class="notice bad">{item.msg_problem}</p>
  if (item.msg === null) return null
  const { msg } = item
  return (
    <section class="panel message" aria-label="Message">
      <div class="bar">
        <h2 class="grow">Message</h2>
        <button type="button" class="small" onClick={() => void copy(pretty(msg))}>
          Copy JSON
        </button>
        {mayEdit && (
          <button type="button" class="small" title="Edit the message (e)" onClick={() => setEdited(item)}>
            Edit
          </button>
        )}
      </div>
      {Object.keys(msg).length === 0 ? <p class="hint">It is empty.</p> : <JsonView value={msg} open={3} />}
      {edited !== undefined && <Editor item={edited} onClose={() => setEdited(undefined)} onChanged={onChanged} />}
    </section>
  )
}

/** In lines, with every number by its digits. */
export function pretty(value: unknown, indent = ''): string {
  if (typeof value !== 'object' || value === null || value instanceof ExactNumber) return formatJson(value)
  const inner = `${indent}  `
  const isList = Array.isArray(value)
  const lines = Object.entries(value).map(
    ([key, one]) => `${inner}${isList ? '' : `${JSON.stringify(key)}: `}${pretty(one, inner)}`,
  )
  const [open, close] = isList ? ['[', ']'] : ['{', '}']
  return lines.length === 0 ? `${open}${close}` : `${open}\n${lines.join(',\n')}\n${indent}${close}`
}

interface EditorProps {
  /** As it was when the editor was opened. */
  readonly item: Shown
  readonly onClose: () => void
  readonly onChanged: () => void
}

function useEditor({ item, onClose, onChanged }: EditorProps) {
  const [text, setText] = useState(pretty(item.msg))
  const [version, setVersion] = useState(item.version)
  const [refused, setRefused] = useState<{ readonly text: string; readonly isConflict: boolean }>()
  const wrong = problemOf(text)
  const path = itemPath(item.queue, item.id ?? item.name)
  const save = async (event: SubmitEvent) => {
    event.preventDefault()
    if (wrong !== undefined) return
    try {
      await change('PATCH', path, { message: readJson(text), if_version: version })
      toast('Saved')
      onChanged()
      onClose()
    } catch (error) {
      setRefused({ text: wordsOf(error), isConflict: error instanceof Refusal && error.status === 409 })
    }
  }
  const take = async (isTheirs: boolean) => {
    const { value } = await get<Shown>(path)
    if (isTheirs) setText(pretty(value.msg))
    setVersion(value.version)
    setRefused(undefined)
  }
  return { text, setText, refused, wrong, save, take }
}

function Editor(props: EditorProps) {
  const { text, setText, refused, wrong, save, take } = useEditor(props)
  return (
    <Dialog title="Edit the message" onClose={props.onClose}>
      <form onSubmit={(event) => void save(event)}>
        <textarea
          class="mono editor"
          aria-label="Message, JSON"
          aria-invalid={wrong !== undefined}
          spellcheck={false}
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
        />
        <p class="bad-text editor-problem" role="alert">
          {wrong}
        </p>
        {refused?.isConflict === true && <Conflict onTake={(isTheirs) => void take(isTheirs)} />}
        <DialogEnd does="Save" isReady={wrong === undefined} problem={refused?.text} onClose={props.onClose} />
      </form>
    </Dialog>
  )
}

function Conflict({ onTake }: { readonly onTake: (isTheirs: boolean) => void }) {
  return (
    <div class="buttons">
      <button type="button" onClick={() => onTake(true)}>
        Take theirs
      </button>
      <button type="button" onClick={() => onTake(false)}>
        Keep mine, and save over theirs
      </button>
    </div>
  )
}

function problemOf(text: string): string | undefined {
  try {
    return isRecord(readJson(text)) ? undefined : 'A message is an object: { … }'
  } catch (error) {
    if (error instanceof SyntaxError) return error.message
    throw error
  }
}
