import { useState } from 'preact/hooks'
import { act } from '../act.ts'
import { change } from '../api.ts'
import { now, queues } from '../live.ts'
import { may } from '../session.ts'
import { Confirm } from './confirm.tsx'

/** One button for all queues; it asks first, as it stops everybody's work. */
export function PauseAll() {
  const [isAsking, setAsking] = useState(false)
  if (!may('operator') || now.value === undefined) return null
  const isPaused = now.value.paused
  const verb = isPaused ? 'resume' : 'pause'
  const does = isPaused ? 'Resume all' : 'Pause all'
  const run = () =>
    void act(isPaused ? 'All queues go on' : 'All queues are paused', () => change('POST', `/${verb}`, {}))
  return (
    <>
      <button
        type="button"
        class={isPaused ? 'primary' : ''}
        aria-label={does}
        title={does}
        onClick={() => setAsking(true)}
      >
        {isPaused ? '▶' : '‖'} <span class="only-wide">{does}</span>
      </button>
      {isAsking && (
        <Confirm
          title={isPaused ? 'Resume all queues?' : `Pause all ${queues.value.size} queues?`}
          does={does}
          isDestructive={!isPaused}
          onDo={run}
          onClose={() => setAsking(false)}
        >
          <p>
            {isPaused
              ? 'What waits is started again. Queues that were paused by themselves stay so.'
              : 'What runs is finished, items are accepted, and nothing new is started until it is resumed.'}
          </p>
        </Confirm>
      )}
    </>
  )
}
