/** Page after page of a list, by the cursor of the page before. */
import { useEffect, useState } from 'preact/hooks'
import type { Listed, Listing } from '../../service/ls.ts'
import { get, type Query, wordsOf } from '../api.ts'
import { toast } from '../ui/toasts.tsx'

/** What was asked for beyond the first page: it stays as it was then. */
export function useTail(question: Query) {
  const of = JSON.stringify(question)
  const [tail, setTail] = useState<{ rows: readonly Listed[]; next: string | null | undefined }>(NO_TAIL)
  useEffect(() => setTail(NO_TAIL), [of])
  const load = (after: string) =>
    void get<Listing>('/items', { ...question, after }).then(
      ({ value }) => setTail(({ rows }) => ({ rows: [...rows, ...value.items], next: value.next })),
      (error) => toast(wordsOf(error), { bad: true }),
    )
  return { ...tail, load }
}

const NO_TAIL = { rows: [], next: undefined }
