/** What can be done with an item as it is now: buttons and keys. */
import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import type { Shown } from '../../service/show.ts'
import { sayOutcome, sayRefusal } from '../act.ts'
import { type BulkVerb, changeOne } from '../bulk.ts'
import { useKeys } from '../keys.ts'
import { may } from '../session.ts'
import { Confirm } from '../ui/confirm.tsx'
import { Duplicate, MoveTo } from './item-dialogs.tsx'

interface Props {
  readonly item: Shown
  readonly onChanged: () => void
}

interface Action {
  readonly label: string
  readonly key: string
  readonly run: () => void
  readonly isDanger?: boolean
}

type Asked = 'kill' | 'remove' | 'move' | 'duplicate' | undefined

export function Actions({ item, onChanged }: Props) {
  const [asked, ask] = useState<Asked>()
  const isAllowed = may('operator')
  const id = item.id ?? item.name
  const run = (verb: BulkVerb, options: Readonly<Record<string, unknown>> = {}) =>
    void changeOne({ verb, options }, item.queue, id).then(sayOutcome, sayRefusal).finally(onChanged)
  const actions = isAllowed ? actionsFor(item, run, ask) : []
  useKeys(actions.map(({ key, label, run: does }) => ({ keys: key, says: label.toLowerCase(), run: does })))
  const close = () => ask(undefined)
  return (
    <div class="bar item-actions" role="toolbar" aria-label="Actions">
      {actions.map(({ label, key, run: does, isDanger }, n) => (
        <button
          key={label}
          type="button"
          class={isDanger === true ? 'danger' : n === 0 ? 'primary' : ''}
          title={`${label} (${key})`}
          onClick={does}
        >
          {label}
        </button>
      ))}
      {asked === 'kill' && (
        <Ask title="Kill the run?" does="Kill it" onDo={() => run('kill')} onClose={close}>
          Its handler gets TERM, and KILL if it does not end. The item fails, and can be retried.
        </Ask>
      )}
      {asked === 'remove' && (
        <Ask title="Remove this item?" does="Remove it" onDo={() => run('rm')} onClose={close}>
          It goes to the trash, and can be brought back from there.
        </Ask>
      )}
      {asked === 'move' && <MoveTo item={item} onClose={close} />}
      {asked === 'duplicate' && <Duplicate item={item} onClose={close} />}
    </div>
  )
}

type Run = (verb: BulkVerb, options?: Readonly<Record<string, unknown>>) => void

function actionsFor(item: Shown, run: Run, ask: (what: Asked) => void): readonly Action[] {
  const retry: Action = { label: 'Retry', key: 'r', run: () => run('retry') }
  const now: Action = { label: 'Run now', key: 'n', run: () => run('retry') }
  const hold: Action = { label: 'Hold', key: 'h', run: () => run('hold') }
  const release: Action = { label: 'Release', key: 'h', run: () => run('release') }
  const kill: Action = { label: 'Kill', key: 'K', run: () => ask('kill'), isDanger: true }
  const move: Action = { label: 'Move…', key: 'm', run: () => ask('move') }
  const duplicate: Action = { label: 'Duplicate…', key: 'd', run: () => ask('duplicate') }
  const remove: Action = { label: 'Remove', key: '#', run: () => ask('remove'), isDanger: true }
  switch (item.status) {
    case 'scheduled':
      return [now, hold, move, duplicate, remove]
    case 'waiting':
    case 'settling':
    case 'unavailable':
      return [hold, move, duplicate, remove]
    case 'running':
      return [kill, duplicate]
    case 'held':
      return [release, move, duplicate, remove]
    case 'failed':
      return [retry, move, duplicate, remove]
    case 'done':
    case 'relayed':
      return [{ ...retry, label: 'Run again' }, duplicate, remove]
    case 'building':
      return [remove]
  }
}

interface AskProps {
  readonly title: string
  readonly does: string
  readonly onDo: () => void
  readonly onClose: () => void
  readonly children: ComponentChildren
}

function Ask({ children, ...rest }: AskProps) {
  return (
    <Confirm {...rest} isDestructive>
      <p>{children}</p>
    </Confirm>
  )
}
