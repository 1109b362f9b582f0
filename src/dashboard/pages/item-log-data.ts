/** The log of an item in the page: its end first, what comes as it comes, what was before when one asks for it. */
import { useEffect, useRef, useState } from 'preact/hooks'
import { AnsiText, type Line } from '../ansi.ts'
import { apiUrl, itemPath, wordsOf } from '../api.ts'

/** What is read at once. */
const PIECE = 256 * 1024
/** More is not kept in a page: of what came first the oldest goes. */
const MOST = 16 * 1024 * 1024

export interface LogText {
  readonly lines: readonly Line[]
  /** Where in the file it begins; before it there is more. */
  readonly start: number
  readonly isLoading: boolean
  readonly problem: string | undefined
  readonly earlier: () => void
}

type Bytes = Uint8Array<ArrayBuffer>

/** The pieces of a file that were read, one behind the other. */
class LogFile {
  start = 0
  end = 0
  pieces: Bytes[] = []
  text = new AnsiText()
  #decoder = new TextDecoder()

  append(piece: Bytes): void {
    this.pieces.push(piece)
    this.end += piece.length
    if (this.end - this.start > MOST) this.#dropOldest()
    else this.text.push(this.#decoder.decode(piece, { stream: true }))
  }

  prepend(piece: Bytes): void {
    this.pieces.unshift(piece)
    this.start -= piece.length
    this.#readAgain()
  }

  #dropOldest(): void {
    while (this.pieces.length > 1 && this.end - this.start > MOST / 2) {
      this.start += this.pieces.shift()?.length ?? 0
    }
    this.#readAgain()
  }

  /** A style, or an escape, may begin in an earlier piece. */
  #readAgain(): void {
    this.#decoder = new TextDecoder()
    this.text = new AnsiText()
    for (const [n, piece] of this.pieces.entries())
      this.text.push(this.#decoder.decode(n === 0 && this.start > 0 ? fromCharacter(piece) : piece, { stream: true }))
  }
}

/** It may begin in the middle of a character. */
function fromCharacter(piece: Bytes): Bytes {
  let at = 0
  while (at < 3 && ((piece[at] ?? 0) & 0xc0) === 0x80) at += 1
  return piece.subarray(at)
}

interface Followed {
  readonly queue: string
  readonly id: string
  /** It is written to. */
  readonly isLive: boolean
  /** So many ended: one that was too short to be seen running wrote to it as well. */
  readonly attempts: number
}

export function useLog({ queue, id, isLive, attempts }: Followed, onEnded: () => void): LogText {
  const file = useRef(new LogFile())
  const [state, setState] = useState<{ version: number; isLoading: boolean; problem: string | undefined }>({
    ...{ version: 0, isLoading: true, problem: undefined },
  })
  const url = (query = {}) => apiUrl(`${itemPath(queue, id)}/log`, query)
  const changed = useFrame(() =>
    setState(({ version, problem }) => ({ version: version + 1, isLoading: false, problem })),
  )
  const failed = (error: unknown) => setState({ version: 0, isLoading: false, problem: wordsOf(error) })
  useEffect(() => {
    const stop = new AbortController()
    file.current = new LogFile()
    read(file.current, url, isLive, stop.signal, changed).then(
      () => !stop.signal.aborted && isLive && onEnded(),
      (error: unknown) => !stop.signal.aborted && failed(error),
    )
    return () => stop.abort()
  }, [queue, id, isLive, attempts])
  const earlier = () => {
    const { current } = file
    const from = Math.max(0, current.start - PIECE)
    fetchRange(url(), `bytes=${from}-${current.start - 1}`).then(({ bytes }) => {
      current.prepend(bytes)
      changed()
    }, failed)
  }
  return { lines: file.current.text.lines, start: file.current.start, earlier, ...state }
}

/** A handler that says much is drawn no more often than a screen is. */
function useFrame(draw: () => void): () => void {
  const pending = useRef(false)
  return () => {
    if (pending.current) return
    pending.current = true
    setTimeout(() => {
      pending.current = false
      draw()
    }, 60)
  }
}

type Url = (query?: Readonly<Record<string, string | number | boolean>>) => string

async function read(file: LogFile, url: Url, isLive: boolean, signal: AbortSignal, changed: () => void): Promise<void> {
  const { bytes, start } = await fetchRange(url(), `bytes=-${PIECE}`, signal)
  file.start = start
  file.end = start
  file.append(start > 0 ? fromCharacter(bytes) : bytes)
  file.end = start + bytes.length
  changed()
  if (!isLive) return
  const response = await fetch(url({ follow: true, from: file.end }), { signal })
  const reader = response.body?.getReader()
  for (let next = await reader?.read(); next?.done === false; next = await reader?.read()) {
    file.append(next.value)
    changed()
  }
}

/** A log that has nothing in it has no range: all of it is asked for then. */
async function fetchRange(url: string, range: string, signal?: AbortSignal): Promise<{ bytes: Bytes; start: number }> {
  const response = await fetch(url, {
    headers: { range },
    cache: 'no-store',
    ...(signal === undefined ? {} : { signal }),
  })
  if (response.status !== 200 && response.status !== 206) return { bytes: new Uint8Array(), start: 0 }
  const start = Number(/^bytes (\d+)-/.exec(response.headers.get('content-range') ?? '')?.[1] ?? 0)
  return { bytes: new Uint8Array(await response.arrayBuffer()), start }
}
