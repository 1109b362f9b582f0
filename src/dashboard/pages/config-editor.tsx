import type { RefObject } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import type { EffectiveConfig } from '../../service/config.ts'
import { change, get, Refusal, type Said, wordsOf } from '../api.ts'
import { may } from '../session.ts'
import { type Base, baseOf, Conflict, SaveDialog } from './config-save.tsx'

interface Props {
  readonly config: EffectiveConfig
  readonly path: string
  readonly onSaved: () => void
}

interface Checked {
  readonly of: string
  readonly changed: readonly string[]
  readonly problems: readonly Said[]
}

/** After the last letter, until it is checked. Milliseconds. */
const PAUSE = 300

export function ConfigEditor({ config, path, onSaved }: Props) {
  const [base, setBase] = useState(() => baseOf(config))
  const [theirs, setTheirs] = useState<Base>()
  const [text, setText] = useState(base.text)
  const [isSaving, setSaving] = useState(false)
  const field = useRef<HTMLTextAreaElement>(null)
  const find = useStale(path, base, setTheirs)
  const checked = useCheck(text, base, path, find)
  const resolve = (kept: string) => {
    if (theirs !== undefined) setBase(theirs)
    setText(kept)
    setTheirs(undefined)
  }
  return (
    <section class="editor" aria-label="config.json">
      <EditorBar
        checked={checked}
        text={text}
        base={base}
        isStale={theirs !== undefined}
        onDiscard={() => setText(base.text)}
        onSave={() => setSaving(true)}
      />
      <TextField field={field} text={text} isWrong={checked.problems.length > 0} onText={setText} />
      <Mistakes text={text} problems={checked.problems} field={field} />
      {theirs !== undefined && (
        <Conflict theirs={theirs} mine={text} onKeep={() => resolve(text)} onTake={() => resolve(theirs.text)} />
      )}
      {isSaving && <SaveDialog {...{ base, text, path, onSaved }} onRefused={find} onClose={() => setSaving(false)} />}
    </section>
  )
}

/** Was it refused because the file is another by now? Then what it is now is shown. */
function useStale(path: string, base: Base, show: (theirs: Base) => void): (error: unknown) => Promise<boolean> {
  return async (error) => {
    if (!(error instanceof Refusal) || error.status !== 409) return false
    const theirs = baseOf((await get<EffectiveConfig>(path)).value)
    if (theirs.version === base.version) return false
    show(theirs)
    return true
  }
}

interface TextProps extends Place {
  readonly isWrong: boolean
  readonly onText: (text: string) => void
}

function TextField({ field, text, isWrong, onText }: TextProps) {
  return (
    <textarea
      ref={field}
      class="mono"
      aria-label="config.json"
      aria-invalid={isWrong}
      spellcheck={false}
      readOnly={!may('admin')}
      rows={Math.min(28, Math.max(8, text.split('\n').length + 1))}
      value={text}
      onInput={(event) => onText(event.currentTarget.value)}
    />
  )
}

interface BarProps {
  readonly checked: Checked
  readonly text: string
  readonly base: Base
  readonly isStale: boolean
  readonly onDiscard: () => void
  readonly onSave: () => void
}

function EditorBar({ checked, text, base, isStale, onDiscard, onSave }: BarProps) {
  const isSame = text === base.text
  const isRight = checked.of === text && checked.problems.length === 0
  return (
    <div class="bar">
      <h2>config.json</h2>
      <span class="hint" role="status">
        {isSame ? 'as it is on the disk' : wordsFor(checked, text)}
      </span>
      <span class="grow" />
      {may('admin') && (
        <>
          <button type="button" disabled={isSame} onClick={onDiscard}>
            Discard
          </button>
          <button type="button" class="primary" disabled={isSame || !isRight || isStale} onClick={onSave}>
            Save…
          </button>
        </>
      )}
    </div>
  )
}

function wordsFor({ of, problems, changed }: Checked, text: string): string {
  if (of !== text) return 'being checked'
  if (problems.length > 0) return 'not right yet'
  return `changes ${changed.join(', ') || 'no value'}`
}

function useCheck(text: string, base: Base, path: string, isStale: (error: unknown) => Promise<boolean>): Checked {
  const right = { of: base.text, changed: [], problems: [] }
  const [checked, setChecked] = useState<Checked>(right)
  useEffect(() => {
    if (text === base.text) return setChecked(right)
    let isOld = false
    const answer = (next: Omit<Checked, 'of'>) => !isOld && setChecked({ of: text, ...next })
    const check = async () => {
      try {
        const body = { text, dry_run: true, if_version: base.version ?? 'none' }
        const { value } = await change<{ readonly changed: readonly string[] }>('PATCH', path, body)
        answer({ changed: value.changed, problems: [] })
      } catch (error) {
        if (isOld || (await isStale(error))) return
        const problems = error instanceof Refusal ? error.problems : []
        answer({ changed: [], problems: problems.length > 0 ? problems : [{ kind: 'failed', text: wordsOf(error) }] })
      }
    }
    const timer = setTimeout(() => void check(), PAUSE)
    return () => {
      isOld = true
      clearTimeout(timer)
    }
  }, [text, base])
  return checked
}

interface Place {
  readonly text: string
  readonly field: RefObject<HTMLTextAreaElement | null>
}

function Mistakes({ problems, ...place }: Place & { readonly problems: readonly Said[] }) {
  return (
    <ul class="mistakes" aria-live="polite">
      {problems.map(({ text }) => (
        <Mistake key={text} said={text} {...place} />
      ))}
    </ul>
  )
}

/** `/…/config.json: retry.limit: must be a number (…)`: what is wrong, and a way to where it stands. */
function Mistake({ text, said, field }: Place & { readonly said: string }) {
  const [, key, words] = /config\.json: ([\w.\\-]+): (.*)$/s.exec(said) ?? [undefined, undefined, said]
  const at = key === undefined ? undefined : placeOf(text, key)
  if (at === undefined) return <li>{said}</li>
  const line = text.slice(0, at.from).split('\n').length
  const show = () => {
    field.current?.focus()
    field.current?.setSelectionRange(at.from, at.to)
  }
  return (
    <li>
      <button type="button" class="quiet small" onClick={show}>
        line {line}
      </button>{' '}
      <code>{key}</code> {words}
    </li>
  )
}

/** Where the last of the names of a key stands, behind those before it. */
function placeOf(text: string, key: string): { readonly from: number; readonly to: number } | undefined {
  let found: { from: number; to: number } | undefined
  let at = 0
  for (const name of key.split('.')) {
    const quoted = JSON.stringify(name)
    const from = text.indexOf(quoted, at)
    if (from < 0) break
    found = { from, to: from + quoted.length }
    at = found.to
  }
  return found
}
