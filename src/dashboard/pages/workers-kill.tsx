/** Killing what runs: asked first, and seen while it goes on. */
import { useState } from 'preact/hooks'
import { sayOutcome, sayRefusal } from '../act.ts'
import { Confirm } from '../ui/confirm.tsx'
import { itemsText } from '../ui/format.ts'
import { changeRows } from './change-rows.ts'
import { keyOf, type Run } from './workers-rows.ts'

export interface Killing {
  readonly ask: (runs: readonly Run[]) => void
  /** Which are asked about. */
  readonly asked: readonly Run[]
  /** Keys of those that were told to stop and have not ended yet. */
  readonly under: ReadonlySet<string>
  readonly kill: (runs: readonly Run[]) => void
}

export function useKilling(again: () => void): Killing {
  const [asked, ask] = useState<readonly Run[]>([])
  const [under, setUnder] = useState<ReadonlySet<string>>(new Set())
  const kill = (runs: readonly Run[]) => {
    const keys = runs.map(keyOf)
    setUnder((before) => new Set([...before, ...keys]))
    const names = runs.map(({ run: { queue, id } }) => ({ queue, name: id }))
    void changeRows({ verb: 'kill', options: {} }, names, 'running')
      .then(sayOutcome, sayRefusal)
      .finally(() => {
        setUnder((before) => new Set([...before].filter((key) => !keys.includes(key))))
        again()
      })
  }
  return { ask, asked, under, kill }
}

export function KillAsked({ killing: { asked, ask, kill } }: { readonly killing: Killing }) {
  const [first, ...others] = asked
  if (first === undefined) return null
  const isOne = others.length === 0
  return (
    <Confirm
      title={isOne ? `Kill ${first.run.id}?` : `Kill ${itemsText(asked.length)}?`}
      does={isOne ? 'Kill it' : `Kill ${itemsText(asked.length)}`}
      isDestructive
      onDo={() => kill(asked)}
      onClose={() => ask([])}
    >
      <p>
        {isOne ? `It runs in ${first.run.queue}. Its handler gets` : 'Their handlers get'} TERM, and KILL where that
        does not end them in time. {isOne ? 'The item fails' : 'The items fail'}, and can be retried.
      </p>
    </Confirm>
  )
}
