/** Files that are let fall anywhere on the page of a queue become items. */
import { useEffect, useRef, useState } from 'preact/hooks'
import { type Progress, wordsOf } from '../api.ts'
import { itemHref } from '../links.ts'
import { Dialog } from '../ui/dialog.tsx'
import { bytesText, itemsText } from '../ui/format.ts'
import { toast } from '../ui/toasts.tsx'
import { upload } from '../upload.ts'

export function DropAnywhere({ queue }: { readonly queue: string }) {
  const [isOver, setOver] = useState(false)
  const [files, setFiles] = useState<readonly File[]>([])
  useEffect(() => {
    const over = (event: DragEvent) => {
      if (event.dataTransfer?.types.includes('Files') !== true) return
      event.preventDefault()
      setOver(true)
    }
    const leave = ({ relatedTarget }: DragEvent) => relatedTarget === null && setOver(false)
    const drop = (event: DragEvent) => {
      const given = [...(event.dataTransfer?.files ?? [])]
      if (event.defaultPrevented || given.length === 0) return
      event.preventDefault()
      setOver(false)
      setFiles(given)
    }
    const handlers = { dragover: over, dragleave: leave, drop } as const
    for (const [name, handler] of Object.entries(handlers)) addEventListener(name, handler as EventListener)
    return () => {
      for (const [name, handler] of Object.entries(handlers)) removeEventListener(name, handler as EventListener)
    }
  }, [])
  return (
    <>
      {isOver && <div class="drop-here">Let go: each file becomes an item of {queue}</div>}
      {files.length > 0 && <Dropped queue={queue} files={files} onClose={() => setFiles([])} />}
    </>
  )
}

interface DroppedProps {
  readonly queue: string
  readonly files: readonly File[]
  readonly onClose: () => void
}

function Dropped({ queue, files, onClose }: DroppedProps) {
  const { progress, problem, rest, send } = useSending(queue, files, onClose)
  const isBusy = progress !== undefined
  const each = rest.map((file) => [file])
  return (
    <Dialog title={`Inject ${rest.length === 1 ? 'a file' : `${rest.length} files`} into ${queue}?`} onClose={onClose}>
      <FileList files={rest} />
      {problem !== undefined && (
        <p class="notice bad" role="alert">
          {problem}
        </p>
      )}
      {progress !== undefined && <Sent {...progress} />}
      <div class="buttons">
        <button type="button" onClick={onClose}>
          {isBusy ? 'Stop' : 'Cancel'}
        </button>
        {rest.length > 1 && (
          <button type="button" disabled={isBusy} onClick={() => void send([rest])}>
            All in one item
          </button>
        )}
        <button type="button" class="primary" data-first disabled={isBusy} onClick={() => void send(each)}>
          {rest.length > 1 ? 'An item for each' : 'Inject'}
        </button>
      </div>
    </Dialog>
  )
}

type Group = readonly File[]

/** `rest`: what is not in the queue yet. Whoever closes the dialog stops it. */
function useSending(queue: string, files: Group, onClose: () => void) {
  const [progress, setProgress] = useState<Progress>()
  const [problem, setProblem] = useState<string>()
  const [rest, setRest] = useState(files)
  const stop = useRef<AbortController | undefined>(undefined)
  useEffect(() => () => stop.current?.abort(), [])
  const send = async (groups: readonly Group[]) => {
    stop.current = new AbortController()
    const { signal } = stop.current
    const ids: string[] = []
    setProblem(undefined)
    setProgress({ done: 0, total: sizeOf(groups.flat()) })
    try {
      await uploadEach(queue, groups, ids, setProgress, signal)
      sayInjected(queue, ids)
      onClose()
    } catch (error) {
      // Those before are in the queue, and are not sent again.
      if (ids.length > 0) sayInjected(queue, ids)
      if (signal.aborted) return
      setRest(groups.slice(ids.length).flat())
      setProgress(undefined)
      setProblem(wordsOf(error))
    }
  }
  return { progress, problem, rest, send }
}

/** One after the other; `ids` grows as they arrive. */
async function uploadEach(
  queue: string,
  groups: readonly Group[],
  ids: string[],
  tell: (progress: Progress) => void,
  signal: AbortSignal,
): Promise<void> {
  const total = sizeOf(groups.flat())
  let before = 0
  for (const group of groups) {
    const start = before
    const { value } = await upload(
      queue,
      {},
      group,
      ({ done }) => tell({ done: Math.min(total, start + done), total }),
      signal,
    )
    ids.push(value.id)
    before += sizeOf(group)
  }
}

function sayInjected(queue: string, ids: readonly string[]): void {
  const links = ids.map((id) => ({ href: itemHref(queue, id), text: id }))
  toast(`${itemsText(ids.length)} injected into ${queue}`, { links })
}

function sizeOf(files: readonly File[]): number {
  return files.reduce((sum, { size }) => sum + size, 0)
}

export function Sent({ done, total }: Progress) {
  return (
    <label>
      {bytesText(done)} of {bytesText(total)}
      <progress value={done} max={Math.max(1, total)} />
    </label>
  )
}

const SHOWN = 20

export function FileList({ files }: { readonly files: readonly File[] }) {
  return (
    <ul class="files">
      {files.slice(0, SHOWN).map(({ name, size }, n) => (
        <li key={n}>
          <span class="mono">{name}</span> <span class="hint">{bytesText(size)}</span>
        </li>
      ))}
      {files.length > SHOWN && <li class="hint">and {files.length - SHOWN} more</li>}
    </ul>
  )
}
