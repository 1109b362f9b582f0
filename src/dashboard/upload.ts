/** Items with files: sent as one request, told while it goes. */

import { formatJson, parseJson } from '../domain/json.ts'
import { type Answered, apiUrl, get, OURS, type Progress, Refusal, refusalOf } from './api.ts'

export interface Injected {
  readonly queue: string
  readonly id: string
}

/** Of what was sent and not answered: sent again under the same id, it is no second item. */
const unanswered = new Map<string, string>()

/** `message`: as POST /queues/:queue/items takes it. */
export async function upload(
  queue: string,
  message: object,
  files: readonly File[],
  tell: (progress: Progress) => void,
  signal?: AbortSignal,
): Promise<Answered<Injected>> {
  const what = formatJson([queue, message, files.map(({ name, size, lastModified }) => [name, size, lastModified])])
  const id = unanswered.get(what) ?? (await get<{ readonly id: string }>('/new-id')).value.id
  unanswered.set(what, id)
  const form = new FormData()
  form.append('message', formatJson({ ...message, id }))
  for (const file of files) form.append('file', file, file.name)
  const answer = await send(queue, form, tell, signal).catch((error: unknown) => {
    if (error instanceof Refusal && isFinal(error.status)) unanswered.delete(what)
    throw error
  })
  unanswered.delete(what)
  return answer
}

/** Nothing was put in, and nothing is being put in. */
function isFinal(status: number): boolean {
  return status >= 400 && status < 500 && status !== 409
}

function send(
  queue: string,
  form: FormData,
  tell: (progress: Progress) => void,
  signal: AbortSignal | undefined,
): Promise<Answered<Injected>> {
  return new Promise((resolve, reject: (error: Refusal | TypeError) => void) => {
    // fetch does not tell how much was sent.
    const request = new XMLHttpRequest()
    request.open('POST', apiUrl(`/queues/${encodeURIComponent(queue)}/items`))
    for (const [name, value] of Object.entries(OURS)) request.setRequestHeader(name, value)
    request.upload.onprogress = ({ loaded, total }) => tell({ done: loaded, total })
    request.onload = () => {
      const body = parseJson(request.responseText)
      if (request.status < 300) resolve(body as Answered<Injected>)
      else reject(refusalOf(request.status, request.statusText, body ?? {}))
    }
    request.onerror = () => reject(new TypeError('the connection broke'))
    request.onabort = () => reject(new Refusal(0, 'stopped'))
    signal?.addEventListener('abort', () => request.abort())
    request.send(form)
  })
}
