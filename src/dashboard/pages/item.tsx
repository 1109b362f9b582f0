/** One item: where it is and why, what happened to it, what it holds, what it said; and what one can do about it. */

import { sayOutcome, sayRefusal } from '../act.ts'
import { bringBack } from '../bulk.ts'
import { queueHref } from '../links.ts'
import type { PageProps } from '../pages.ts'
import { may } from '../session.ts'
import { EmptyState } from '../ui/empty.tsx'
import { StatusBadge, Time } from '../ui/values.tsx'
import './item.css'
import { Actions } from './item-actions.tsx'
import { CopyMenu } from './item-copy.tsx'
import { useItem } from './item-data.ts'
import { Files } from './item-files.tsx'
import { ItemLog } from './item-log.tsx'
import { Message } from './item-message.tsx'
import { Properties } from './item-properties.tsx'
import { Timeline } from './item-timeline.tsx'
import { WhyIt } from './item-why.tsx'

export function Item({ rest }: PageProps) {
  const [queue = '', id = ''] = rest
  const { state, look } = useItem(queue, id)
  switch (state.kind) {
    case 'asking':
      return (
        <>
          <Head queue={queue} id={id} />
          <div class="item-asking" />
        </>
      )
    case 'here':
      return <Here {...state} look={look} />
    case 'removed':
    case 'gone':
    case 'refused':
      return (
        <>
          <Head queue={queue} id={id} />
          <Missing queue={queue} id={id} state={state} look={look} />
        </>
      )
  }
}

type State = ReturnType<typeof useItem>['state']
type HereProps = Extract<State, { kind: 'here' }> & { readonly look: () => void }

function Here({ item, why, look }: HereProps) {
  const id = item.id ?? item.name
  return (
    <>
      <Head queue={item.queue} id={id}>
        <StatusBadge status={item.status} why={item.why} />
        <span class="hint">
          since <Time at={item.since} />
        </span>
      </Head>
      <Actions item={item} onChanged={look} />
      <div class="item">
        <div class="item-main">
          <WhyIt item={item} why={why} onChanged={look} />
          <ItemLog item={item} onEnded={look} />
          <Message item={item} onChanged={look} />
        </div>
        <div class="item-side">
          <Properties item={item} onChanged={look} />
          <Timeline item={item} />
          <Files item={item} />
        </div>
      </div>
    </>
  )
}

interface HeadProps {
  readonly queue: string
  readonly id: string
  readonly children?: preact.ComponentChildren
}

function Head({ queue, id, children }: HeadProps) {
  return (
    <div class="page-head item-head">
      <h1>
        <a href={queueHref(queue)}>{queue}</a> <span class="none">/</span> <span class="mono">{id}</span>
      </h1>
      <CopyMenu queue={queue} id={id} />
      {children}
    </div>
  )
}

interface MissingProps {
  readonly queue: string
  readonly id: string
  readonly state: Extract<State, { kind: 'removed' | 'gone' | 'refused' }>
  readonly look: () => void
}

function Missing({ queue, id, state, look }: MissingProps) {
  switch (state.kind) {
    case 'refused':
      return (
        <p class="notice bad" role="alert">
          {state.text}
        </p>
      )
    case 'gone':
      return (
        <EmptyState title="This item is gone">
          <p>It is in no queue and in no trash: it was removed for good, or cleaned away by the queue’s retention.</p>
          <a href={queueHref(queue)}>What is in {queue}</a>
        </EmptyState>
      )
    case 'removed':
      return (
        <EmptyState title="This item was removed">
          <p>
            It went to the trash <Time at={state.when} />, and can be brought back until that is emptied.
          </p>
          {may('operator') && (
            <button
              type="button"
              class="primary"
              onClick={() =>
                void bringBack([{ queue, id, did: 'removed' }]).then((outcome) => {
                  sayOutcome(outcome)
                  look()
                }, sayRefusal)
              }
            >
              Bring it back
            </button>
          )}
        </EmptyState>
      )
  }
}
