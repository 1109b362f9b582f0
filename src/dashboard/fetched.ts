/** What the server was asked: the last good answer, and what is wrong with the newest question. */
import { useEffect, useRef, useState } from 'preact/hooks'
import { type Answered, get, type Query, wordsOf } from './api.ts'

export interface Fetched<V> {
  readonly value: V | undefined
  readonly notes: readonly string[]
  /** Of what was asked for, what the value is without, and why. */
  readonly unread: readonly string[]
  readonly problem: string | undefined
  readonly isAsking: boolean
  readonly again: () => void
}

interface Kept<V> {
  readonly of: string
  readonly answer: Answered<V> | undefined
  readonly problem: string | undefined
}

const ahead = new Map<string, Promise<Answered<unknown>>>()

/** An answer that nobody took is no news any more. Milliseconds. */
const TAKEN_WITHIN = 5_000

/** Asks now what a page will ask when it is there; it takes the answer once. */
export function askAhead(path: string, query: Query): void {
  const question = JSON.stringify([path, query])
  const answer = get<unknown>(path, query)
  ahead.set(question, answer)
  const drop = () => ahead.get(question) === answer && ahead.delete(question)
  setTimeout(drop, TAKEN_WITHIN)
  // Who takes it is told; and nobody may.
  answer.catch(drop)
}

function ask<V>(question: string, path: string, query: Query, signal: AbortSignal): Promise<Answered<V>> {
  const answer = ahead.get(question)
  ahead.delete(question)
  return answer === undefined ? get<V>(path, query, signal) : (answer as Promise<Answered<V>>)
}

/** `path`: undefined as long as nothing is to be asked. `stamp`: asked again, quietly, when this is another; `every`: and after so long, in ms. */
export function useFetched<V>(path: string | undefined, query: Query, stamp: unknown = 0, every = 0): Fetched<V> {
  const question = JSON.stringify([path, query])
  const [kept, setKept] = useState<Kept<V>>({ of: question, answer: undefined, problem: undefined })
  const [round, setRound] = useState(0)
  // The first time at once: effects wait for the page to be painted.
  useState(() => path === undefined || ahead.has(question) || askAhead(path, query))
  // One at a time: a server that is slower than the news is asked again when it has answered.
  const asking = useRef<{ of: string; stop: AbortController; isStale: boolean } | undefined>(undefined)
  const askAnew = () => {
    if (path === undefined) return
    if (asking.current?.of === question) {
      asking.current.isStale = true
      return
    }
    asking.current?.stop.abort()
    const mine = { of: question, stop: new AbortController(), isStale: false }
    asking.current = mine
    const end = (next: (before: Kept<V>) => Kept<V>) => {
      if (asking.current !== mine) return
      asking.current = undefined
      setKept(next)
      if (mine.isStale) setRound((n) => n + 1)
    }
    ask<V>(question, path, query, mine.stop.signal).then(
      (answer) => end(() => ({ of: question, answer, problem: undefined })),
      (error) => {
        if (!mine.stop.signal.aborted) end((before) => failed(before, question, wordsOf(error)))
      },
    )
  }
  useEffect(askAnew, [question, stamp, round])
  useEffect(() => () => asking.current?.stop.abort(), [])
  useEffect(() => {
    if (every === 0) return undefined
    const timer = setInterval(() => !document.hidden && setRound((n) => n + 1), every)
    return () => clearInterval(timer)
  }, [every])
  return shown(kept, question, () => setRound((n) => n + 1))
}

/** What was known stays known while the server does not answer. */
function failed<V>({ of, answer }: Kept<V>, question: string, problem: string): Kept<V> {
  return { of: question, answer: of === question ? answer : undefined, problem }
}

function shown<V>({ of, answer, problem }: Kept<V>, question: string, again: () => void): Fetched<V> {
  const isSame = of === question
  return {
    value: isSame ? answer?.value : undefined,
    notes: isSame ? (answer?.notes ?? []) : [],
    unread: isSame ? (answer?.problems ?? []).map(({ text }) => text) : [],
    problem: isSame ? problem : undefined,
    isAsking: !isSame,
    again,
  }
}
