import { useState } from 'preact/hooks'
import { change, wordsOf } from '../api.ts'
import { queueHref } from '../links.ts'
import { go } from '../router.ts'
import { may } from '../session.ts'
import { Dialog } from '../ui/dialog.tsx'
import { EmptyState } from '../ui/empty.tsx'

/** A name, and what to run for each item: that is a queue. */
function CreateForm() {
  const [problem, setProblem] = useState<string>()
  const submit = async (event: SubmitEvent) => {
    event.preventDefault()
    if (!(event.currentTarget instanceof HTMLFormElement)) return
    const given = new FormData(event.currentTarget)
    const queue = String(given.get('queue'))
    const handler = String(given.get('handler')).trim()
    try {
      await change('POST', '/queues', { queue, ...(handler === '' ? {} : { handler }) })
      go(queueHref(queue))
    } catch (error) {
      setProblem(wordsOf(error))
    }
  }
  return (
    <form class="create" onSubmit={(event) => void submit(event)}>
      <Fields />
      {problem !== undefined && (
        <p class="notice bad" role="alert">
          {problem}
        </p>
      )}
      <div class="buttons">
        <button type="submit" class="primary">
          Make the queue
        </button>
      </div>
    </form>
  )
}

function Fields() {
  return (
    <>
      <label class="field">
        <span>Name</span>
        <input name="queue" required maxLength={128} placeholder="thumbnails" autocomplete="off" />
      </label>
      <label class="field">
        <span>Command</span>
        <input name="handler" class="mono" placeholder="/usr/local/bin/make-thumbnail" autocomplete="off" />
        <span class="hint">
          Run for each item, with the path of its file appended. Without one, put an executable file named{' '}
          <code>handler</code> into the queue.
        </span>
      </label>
    </>
  )
}

export function CreateQueue() {
  const [isOpen, setOpen] = useState(false)
  if (!may('admin')) return null
  return (
    <>
      <button type="button" onClick={() => setOpen(true)}>
        New queue
      </button>
      {isOpen && (
        <Dialog title="New queue" onClose={() => setOpen(false)}>
          <CreateForm />
        </Dialog>
      )}
    </>
  )
}

export function NoQueues({ root }: { readonly root: string }) {
  return (
    <>
      <h1>Queues</h1>
      <EmptyState title="There is no queue yet">
        <p>
          A queue is a directory with a program: whatever file appears in its <code>que/</code> is given to that
          program, and where it lies afterwards says how it went.
        </p>
        {may('admin') ? <CreateForm /> : <p>An admin makes one here, or with the command below.</p>}
        <pre class="panel">
          rq create thumbnails --handler ./make-thumbnail{'\n'}cp *.jpg {root}/queue/thumbnails/que/
        </pre>
      </EmptyState>
    </>
  )
}
