/** A search that shows what it found while it goes on: each answer is bounded in time, and the next begins where it ended. */
import { useEffect, useState } from 'preact/hooks'
import type { Listed, Listing } from '../../service/ls.ts'
import { type Answered, get, type Query, wordsOf } from '../api.ts'

/** So long the server looks for one answer. */
const WITHIN = '700ms'
/** Rows, before somebody asks for more of them. */
const PAGE = 50

interface Found {
  readonly rows: readonly Listed[]
  readonly looked: number
  readonly next: string | null
  readonly notes: readonly string[]
  /** What could not be looked into, and why. */
  readonly unread: readonly string[]
}

export interface Search extends Found {
  readonly isLooking: boolean
  readonly problem: string | undefined
  readonly more: () => void
  readonly stop: () => void
  readonly again: () => void
}

const NOTHING: Found = { rows: [], looked: 0, next: null, notes: [], unread: [] }

/** undefined: nothing is asked. */
export function useSearch(question: Query | undefined): Search {
  const of = question === undefined ? '' : JSON.stringify(question)
  const [found, setFound] = useState<Found>(NOTHING)
  const [problem, setProblem] = useState<string>()
  const [round, setRound] = useState(0)
  /** Where to go on, and up to how many rows; undefined: at rest. */
  const [task, setTask] = useState<{ after: string | undefined; upTo: number }>()
  useEffect(() => {
    setProblem(undefined)
    if (of === '') setFound(NOTHING)
    setTask(of === '' ? undefined : { after: undefined, upTo: PAGE })
  }, [of, round])
  useEffect(() => {
    if (task === undefined || question === undefined) return undefined
    const stop = new AbortController()
    const asked = { ...question, within: WITHIN, limit: PAGE, after: task.after }
    get<Listing>('/items', asked, stop.signal).then(
      (answer) => {
        const next = joined(task.after === undefined ? NOTHING : found, answer)
        setFound(next)
        setTask(next.next !== null && next.rows.length < task.upTo ? { ...task, after: next.next } : undefined)
      },
      (error) => {
        if (stop.signal.aborted) return
        setProblem(wordsOf(error))
        setTask(undefined)
      },
    )
    return () => stop.abort()
  }, [task])
  return {
    ...found,
    problem,
    isLooking: task !== undefined,
    more: () => found.next !== null && setTask({ after: found.next, upTo: found.rows.length + PAGE }),
    stop: () => setTask(undefined),
    again: () => setRound((n) => n + 1),
  }
}

function joined(before: Found, { value, notes, problems }: Answered<Listing>): Found {
  const rows = distinct([...before.rows, ...value.items])
  const unread = [...new Set([...before.unread, ...problems.map(({ text }) => text)])]
  return { rows, looked: before.looked + value.looked, next: value.next, notes, unread }
}

export function rowKey({ queue, name }: Listed): string {
  return `${queue}/${name}`
}

function distinct(rows: readonly Listed[]): readonly Listed[] {
  return [...new Map(rows.map((row) => [rowKey(row), row])).values()]
}
