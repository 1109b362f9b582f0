/** Calls of the API. What it refuses is thrown as a `Refusal`, in its own words. */
import { formatJson, readJson } from '../domain/json.ts'

/** Under which the pages are shown: `/`, or the path that a proxy gives them. */
export const BASE = new URL(document.baseURI).pathname

export interface Said {
  readonly kind: string
  readonly text: string
}

export class Refusal extends Error {
  readonly status: number
  /** Each thing that is wrong; the message is all of them. */
  readonly problems: readonly Said[]
  constructor(status: number, text: string, problems: readonly Said[] = []) {
    super(text)
    this.status = status
    this.problems = problems
  }
}

/** Of a change of many: how many, of which `value` has the first. */
interface Counts {
  readonly matched: number
  readonly did: readonly { readonly queue: string; readonly did: string; readonly count: number }[]
  readonly refused: number
}

export interface Answered<V> {
  readonly value: V
  readonly counts?: Counts
  readonly problems: readonly Said[]
  readonly notes: readonly string[]
}

export type Query = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>

export async function get<V>(path: string, query: Query = {}, signal?: AbortSignal): Promise<Answered<V>> {
  return answerOf(await fetch(apiUrl(path, query), signal === undefined ? {} : { signal }))
}

/** With every change: no page of another site can send it. */
export const OURS = { 'x-rq': '1' } as const

/** POST, PATCH, PUT or DELETE; a body is sent as JSON. */
export async function change<V>(method: string, path: string, body?: object): Promise<Answered<V>> {
  const headers = body === undefined ? OURS : { ...OURS, 'content-type': 'application/json' }
  return answerOf(await fetch(apiUrl(path), { method, headers, body: body === undefined ? null : formatJson(body) }))
}

export interface Progress {
  readonly done: number
  readonly total: number
}

/** The same for a change that may take its time: how far it is comes while it goes on. */
export async function changeSlowly<V>(
  path: string,
  body: object,
  tell: (progress: Progress) => void,
  signal?: AbortSignal,
): Promise<Answered<V>> {
  const response = await fetch(apiUrl(path), {
    method: 'POST',
    headers: { ...OURS, 'content-type': 'application/json', accept: 'application/x-ndjson' },
    body: formatJson(body),
    ...(signal === undefined ? {} : { signal }),
  })
  if (!response.ok || response.body === null) return answerOf(response)
  let rest = ''
  for await (const piece of pieces(response.body)) {
    const lines = (rest + piece).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      const said = readJson(line) as { readonly progress?: Progress } & Answered<V | null>
      if (said.progress !== undefined) tell(said.progress)
      else return whole(said)
    }
  }
  throw new Refusal(0, 'the connection ended before the answer: look whether it was done')
}

/** The status was sent before the end was known: an answer without a value is a refusal. */
function whole<V>({ value, problems, ...rest }: Answered<V | null>): Answered<V> {
  if (value === null) throw new Refusal(400, problems.map(({ text }) => text).join('; '), problems)
  return { value, problems, ...rest }
}

/** Not every browser can iterate a stream. */
async function* pieces(body: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<string> {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader()
  for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value
}

export function apiUrl(path: string, query: Query = {}): string {
  const url = new URL(`api/v1${path}`, document.baseURI)
  for (const [key, value] of Object.entries(query)) {
    for (const one of [value].flat()) if (one !== undefined) url.searchParams.append(key, String(one))
  }
  return url.href
}

/** The path of an item: whatever its name is made of. */
export function itemPath(queue: string, id: string): string {
  return `/items/${encodeURIComponent(queue)}/${encodeURIComponent(id)}`
}

export async function answerOf<V>(response: Response): Promise<Answered<V>> {
  const text = await response.text()
  const body: unknown = text === '' ? {} : readJson(text)
  if (response.ok) return body as Answered<V>
  throw refusalOf(response.status, response.statusText, body)
}

/** From the body of an answer that is no success. */
export function refusalOf(status: number, statusText: string, body: unknown): Refusal {
  const { detail, problems } = body as { readonly detail?: unknown; readonly problems?: readonly Said[] }
  return new Refusal(status, typeof detail === 'string' ? detail : statusText, problems ?? [])
}

/** What to say of something that was thrown; what is neither a refusal nor a broken connection is a bug. */
export function wordsOf(error: unknown): string {
  if (error instanceof Refusal) return error.message
  if (error instanceof TypeError) return 'the server does not answer'
  throw error
}
