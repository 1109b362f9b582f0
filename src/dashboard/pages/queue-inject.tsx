/** An item made by hand, from the form of its queue; or many, as JSON lines. */
import { useState } from 'preact/hooks'
import type { QueueForm } from '../../service/form.ts'
import { type Progress, wordsOf } from '../api.ts'
import { useFetched } from '../fetched.ts'
import { itemHref } from '../links.ts'
import { may } from '../session.ts'
import { toast } from '../ui/toasts.tsx'
import { upload } from '../upload.ts'
import { FormFieldView } from './inject-fields.tsx'
import { InjectLines } from './inject-lines.tsx'
import { messageOf } from './inject-message.ts'
import { FileList, Sent } from './queue-drop.tsx'

export function QueueInject({ queue }: { readonly queue: string }) {
  const { value, problem } = useFetched<QueueForm>(`/queues/${encodeURIComponent(queue)}/form`, {})
  // Both at once: what comes later would push the other away.
  if (value === undefined && problem === undefined) return null
  if (!may('operator')) return <p class="hint">Only operators and admins inject items.</p>
  return (
    <div class="inject">
      {problem !== undefined && (
        <p class="notice bad" role="alert">
          {problem}
        </p>
      )}
      {value !== undefined && <ItemForm queue={queue} form={value} />}
      <InjectLines queue={queue} />
    </div>
  )
}

function ItemForm({ queue, form }: { readonly queue: string; readonly form: QueueForm }) {
  const { files, setFiles, progress, isSending, problem, last, submit } = useItemForm(queue, form)
  return (
    <form class="panel" onSubmit={(event) => void submit(event)}>
      <h2>An item</h2>
      {form.fields
        .filter(({ hidden }) => !hidden)
        .map((field) => (
          <FormFieldView key={field.name} field={field} onFiles={setFiles} />
        ))}
      {files.length > 0 && <FileList files={files} />}
      {progress !== undefined && files.length > 0 && <Sent {...progress} />}
      <Problem text={problem} />
      {last !== undefined && (
        <p class="notice" role="status">
          Injected: <a href={itemHref(queue, last)}>{last}</a>
        </p>
      )}
      <div class="buttons">
        <button type="submit" class="primary" disabled={isSending}>
          Inject
        </button>
      </div>
    </form>
  )
}

function Problem({ text }: { readonly text: string | undefined }) {
  if (text === undefined) return null
  return (
    <p class="notice bad" role="alert">
      {text}
    </p>
  )
}

function useItemForm(queue: string, { fields }: QueueForm) {
  const [files, setFiles] = useState<readonly File[]>([])
  const [progress, setProgress] = useState<Progress>()
  const [problem, setProblem] = useState<string>()
  const [last, setLast] = useState<string>()
  const [isSending, setSending] = useState(false)
  const submit = async (event: SubmitEvent) => {
    event.preventDefault()
    const { currentTarget } = event
    if (!(currentTarget instanceof HTMLFormElement)) return
    const message = messageOf(fields, new FormData(currentTarget))
    setProblem(typeof message === 'string' ? message : undefined)
    if (typeof message === 'string') return
    setSending(true)
    try {
      const { value } = await upload(queue, message, files, setProgress)
      setLast(value.id)
      toast(`Injected into ${queue}`, { links: [{ href: itemHref(queue, value.id), text: value.id }] })
      setFiles([])
      currentTarget.reset()
    } catch (error) {
      setProblem(wordsOf(error))
    } finally {
      setProgress(undefined)
      setSending(false)
    }
  }
  return { files, setFiles, progress, isSending, problem, last, submit }
}
