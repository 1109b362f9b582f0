/** What the name of an item holds: its priority, its time, its tags; changed in place. */
import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import type { Shown } from '../../service/show.ts'
import { act } from '../act.ts'
import { change, itemPath } from '../api.ts'
import { queueHref } from '../links.ts'
import { may } from '../session.ts'
import { Tags, Time } from '../ui/values.tsx'

interface Props {
  readonly item: Shown
  readonly onChanged: () => void
}

const MOVABLE: ReadonlySet<string> = new Set(['waiting', 'scheduled', 'settling', 'unavailable', 'held'])

export function Properties({ item, onChanged }: Props) {
  const mayChange = may('operator') && MOVABLE.has(item.status)
  const move = (said: string, body: object) =>
    void act(said, () => change('POST', `${itemPath(item.queue, item.id ?? item.name)}/move`, body)).then(onChanged)
  return (
    <section class="panel" aria-label="Properties">
      <dl class="facts">
        <Fact name="Priority">
          {mayChange ? (
            <select
              aria-label="Priority"
              value={item.priority}
              onChange={(event) =>
                move(`Priority ${event.currentTarget.value}`, { priority: Number(event.currentTarget.value) })
              }
            >
              {Array.from({ length: 10 }, (_, n) => (
                <option key={n} value={n}>
                  {n}
                  {n === 0 ? ' (first)' : n === 5 ? ' (usual)' : n === 9 ? ' (last)' : ''}
                </option>
              ))}
            </select>
          ) : (
            item.priority
          )}
        </Fact>
        <Fact name="Not before">{mayChange ? <Due item={item} move={move} /> : <Time at={item.due} />}</Fact>
        <Fact name="Tags">
          <TagList item={item} mayChange={mayChange} move={move} />
        </Fact>
        <Fact name="Lies in">
          <code class="path">{item.path}</code>
        </Fact>
      </dl>
    </section>
  )
}

type Move = (said: string, body: object) => void

function Fact({ name, children }: { readonly name: string; readonly children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  )
}

function Due({ item, move }: { readonly item: Shown; readonly move: Move }) {
  return (
    <>
      {item.due !== null && <Time at={item.due} />}{' '}
      <input
        type="datetime-local"
        aria-label="Not before"
        value={item.due === null ? '' : localText(item.due)}
        onChange={(event) => {
          const { value } = event.currentTarget
          if (value === '') move('It need not wait any longer', { now: true })
          else move('Scheduled', { at: new Date(value).toISOString() })
        }}
      />
      {item.due !== null && (
        <button type="button" class="small" onClick={() => move('It need not wait any longer', { now: true })}>
          Now
        </button>
      )}
    </>
  )
}

/** As a field of local time takes it. */
function localText(iso: string): string {
  const time = new Date(iso)
  return new Date(time.getTime() - time.getTimezoneOffset() * 60_000).toISOString().slice(0, 16)
}

interface TagProps {
  readonly item: Shown
  readonly mayChange: boolean
  readonly move: Move
}

function TagList({ item, mayChange, move }: TagProps) {
  const [text, setText] = useState('')
  if (!mayChange) return item.tags.length === 0 ? <span class="none">–</span> : <Tags tags={item.tags} />
  const add = (event: SubmitEvent) => {
    event.preventDefault()
    if (text.trim() !== '') move(`Tag ${text.trim()} added`, { tag: [text.trim()] })
    setText('')
  }
  return (
    <form class="tags" onSubmit={add}>
      {item.tags.map((tag) => (
        <span key={tag} class="tag">
          <a href={queueHref(item.queue, { filter: `tag:${tag}` })}>{tag}</a>
          <button
            type="button"
            class="quiet"
            aria-label={`Remove tag ${tag}`}
            onClick={() => move(`Tag ${tag} removed`, { untag: [tag] })}
          >
            ✕
          </button>
        </span>
      ))}
      <input
        aria-label="Add a tag"
        placeholder="Add a tag"
        value={text}
        onInput={(event) => setText(event.currentTarget.value)}
      />
    </form>
  )
}
