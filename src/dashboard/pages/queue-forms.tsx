import { useState } from 'preact/hooks'
import type { Change } from '../bulk.ts'
import { queues } from '../live.ts'
import { Dialog, DialogEnd } from '../ui/dialog.tsx'

interface Props {
  readonly onGiven: (options: Change['options']) => void
  readonly onClose: () => void
}

function textOf(form: FormData, name: string): string {
  const value = form.get(name)
  return typeof value === 'string' ? value.trim() : ''
}

function formOf(event: SubmitEvent): FormData {
  event.preventDefault()
  return event.currentTarget instanceof HTMLFormElement ? new FormData(event.currentTarget) : new FormData()
}

/** Another queue, priority, time or tags. */
export function MoveForm({ queue, onGiven, onClose }: Props & { readonly queue: string | undefined }) {
  const submit = (event: SubmitEvent) => {
    const form = formOf(event)
    const words = (name: string) =>
      textOf(form, name)
        .split(/[\s,]+/)
        .filter(Boolean)
    const given = Object.fromEntries(
      ['to', 'priority', 'in'].map((name) => [name, textOf(form, name)]).filter(([, value]) => value !== ''),
    )
    const at = textOf(form, 'at')
    const time = at === '' ? {} : { at: new Date(at).toISOString() }
    onGiven({ ...given, ...time, ...(form.has('now') ? { now: true } : {}), tag: words('tag'), untag: words('untag') })
  }
  return (
    <Dialog title="Move" onClose={onClose}>
      <form class="two" onSubmit={submit}>
        <QueueAndPriority queue={queue} />
        <TimeAndTags />
        <DialogEnd does="Move" onClose={onClose} />
      </form>
    </Dialog>
  )
}

function QueueAndPriority({ queue }: { readonly queue: string | undefined }) {
  return (
    <>
      <label class="field">
        <span>To the queue</span>
        <select name="to">
          <option value="">as it is</option>
          {[...queues.value.keys()]
            .filter((name) => name !== queue)
            .map((name) => (
              <option key={name}>{name}</option>
            ))}
        </select>
      </label>
      <label class="field">
        <span>Priority</span>
        <select name="priority">
          <option value="">as it is</option>
          {[0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map((n) => (
            <option key={n} value={n}>
              {n}
              {n === 0 ? ' (first)' : n === 5 ? ' (usual)' : n === 9 ? ' (last)' : ''}
            </option>
          ))}
        </select>
      </label>
    </>
  )
}

function TimeAndTags() {
  return (
    <>
      <label class="field">
        <span>Not before, from now</span>
        <input name="in" placeholder="2h" autocomplete="off" />
      </label>
      <label class="field">
        <span>Not before</span>
        <input name="at" type="datetime-local" step="1" />
      </label>
      <label class="field check">
        <span>Time</span>
        <span>
          <input type="checkbox" name="now" /> as soon as it can
        </span>
      </label>
      <label class="field">
        <span>Add tags</span>
        <input name="tag" placeholder="eu slow" autocomplete="off" />
      </label>
      <label class="field">
        <span>Take tags away</span>
        <input name="untag" autocomplete="off" />
      </label>
    </>
  )
}

const KEYS = ['param1', 'param2', 'param3', 'param4', 'src', 'dest', 'job_id', 'user_id'] as const

/** One key of the message; the page of an item edits all of it. */
export function EditForm({ onGiven, onClose }: Props) {
  const [isTaken, setTaken] = useState(false)
  const submit = (event: SubmitEvent) => {
    const form = formOf(event)
    const key = textOf(form, 'key')
    const value = form.get('value')
    onGiven(isTaken ? { unset: [key] } : { set: { [key]: typeof value === 'string' ? value : '' } })
  }
  return (
    <Dialog title="Edit" onClose={onClose}>
      <form onSubmit={submit}>
        <label class="field">
          <span>Key</span>
          <input name="key" list="edit-keys" required placeholder="param1, or param.NAME" autocomplete="off" />
          <datalist id="edit-keys">
            {KEYS.map((key) => (
              <option key={key} value={key} />
            ))}
          </datalist>
        </label>
        <label class="field">
          <span>Text</span>
          <input name="value" disabled={isTaken} autocomplete="off" />
        </label>
        <label>
          <input type="checkbox" checked={isTaken} onChange={() => setTaken(!isTaken)} /> take the key away
        </label>
        <DialogEnd does="Change" onClose={onClose} />
      </form>
    </Dialog>
  )
}
