/** Going anywhere by a few letters: a page, a queue, an item by a part of its id. */
import { useEffect, useId, useState } from 'preact/hooks'
import type { Listing } from '../../service/ls.ts'
import { get, wordsOf } from '../api.ts'
import { itemHref, queueHref } from '../links.ts'
import { queues } from '../live.ts'
import { PAGES } from '../pages.ts'
import { go, link } from '../router.ts'
import { exact } from './complete.ts'
import { Dialog } from './dialog.tsx'

interface Goal {
  readonly href: string
  readonly text: string
  readonly says: string
}

const MOST = 12

const LOOKS = {
  'aria-label': "A queue, a page, or an item's id",
  placeholder: "A queue, a page, or an item's id",
  autocomplete: 'off',
  spellcheck: false,
  autofocus: true,
} as const

export function Palette({ onClose }: { readonly onClose: () => void }) {
  const [text, setText] = useState('')
  const [at, setAt] = useState(0)
  const id = useId()
  const goals = [...nearest(text), ...useItems(text)].slice(0, MOST)
  const take = (goal: Goal | undefined) => {
    if (goal === undefined) return
    onClose()
    go(goal.href)
  }
  const step = (to: number) => setAt(Math.max(0, Math.min(goals.length - 1, to)))
  return (
    <Dialog title="Go to" onClose={onClose}>
      <div class="palette">
        <input
          {...LOOKS}
          type="text"
          role="combobox"
          aria-expanded={goals.length > 0}
          aria-controls={`${id}-list`}
          aria-activedescendant={goals.length > 0 ? `${id}-${at}` : undefined}
          value={text}
          onInput={(event) => {
            setText(event.currentTarget.value)
            setAt(0)
          }}
          onKeyDown={(event) =>
            pressed(
              event,
              () => take(goals[at]),
              (by) => step(at + by),
            )
          }
        />
        <Goals id={id} goals={goals} at={at} onTake={take} />
        {goals.length === 0 && <p class="hint">Nothing is called so.</p>}
      </div>
    </Dialog>
  )
}

function pressed(event: KeyboardEvent, take: () => void, step: (by: number) => void): void {
  if (event.key === 'ArrowDown') step(1)
  else if (event.key === 'ArrowUp') step(-1)
  else if (event.key === 'Enter') take()
  else return
  event.preventDefault()
}

interface GoalsProps {
  readonly id: string
  readonly goals: readonly Goal[]
  readonly at: number
  readonly onTake: (goal: Goal) => void
}

function Goals({ id, goals, at, onTake }: GoalsProps) {
  return (
    <div class="proposals" role="listbox" id={`${id}-list`} aria-label="Where to">
      {goals.map((goal, n) => (
        <div
          key={goal.href}
          id={`${id}-${n}`}
          role="option"
          aria-selected={n === at}
          tabIndex={-1}
          onPointerDown={(event) => {
            event.preventDefault()
            onTake(goal)
          }}
        >
          <span>{goal.text}</span>
          <span class="hint">{goal.says}</span>
        </div>
      ))}
    </div>
  )
}

/** Pages and queues: those that begin so, then those that have it somewhere. */
function nearest(text: string): readonly Goal[] {
  const typed = text.trim().toLowerCase()
  const pages = PAGES.flatMap(({ at, title }) =>
    title === undefined ? [] : [{ href: link([at]), text: title, says: 'page' }],
  )
  const named = [...queues.value.keys()].map((name) => ({ href: queueHref(name), text: name, says: 'queue' }))
  const all = [...pages, ...named]
  const begins = all.filter((goal) => goal.text.toLowerCase().startsWith(typed))
  const has = all.filter((goal) => !begins.includes(goal) && goal.text.toLowerCase().includes(typed))
  return [...begins, ...has]
}

/** The part of an id that says which it is. */
const SHORTEST = 4
const ANYWHERE = '(que | run | pause | _err | done | relayed)'

function useItems(text: string): readonly Goal[] {
  const [found, setFound] = useState<readonly Goal[]>([])
  useEffect(() => {
    const typed = text.trim()
    if (typed.length < SHORTEST) return setFound([])
    const stop = new AbortController()
    const timer = setTimeout(() => {
      const query = [ANYWHERE, `(id:${exact(typed)} | name:${exact(`*${typed}*`)})`]
      get<Listing>('/items', { query, limit: 8 }, stop.signal).then(
        ({ value }) => setFound(value.items.map(goalOf)),
        (error) => {
          if (!stop.signal.aborted) setFound([{ href: '', text: wordsOf(error), says: '' }])
        },
      )
    }, 200)
    return () => {
      stop.abort()
      clearTimeout(timer)
    }
  }, [text])
  return found
}

function goalOf({ queue, id, name, status }: Listing['items'][number]): Goal {
  return { href: itemHref(queue, id ?? name), text: id ?? name, says: `${status} in ${queue}` }
}
