/** Retrying many without a stampede: a few at a time, by the due times in their names. */
import { useState } from 'preact/hooks'
import type { Outcome, Which } from '../bulk.ts'
import { BulkDialog, type Counted } from './bulk-dialog.tsx'
import { DialogEnd } from './dialog.tsx'
import { durationText, itemsText } from './format.ts'
import { lastAfter, PACE_UNITS, type Pace, type PaceUnit, paceText, paceWord } from './pace.ts'

interface Props {
  readonly which: Which
  readonly onDone: (outcome: Outcome) => void
  readonly onClose: () => void
}

export function RetrySlowly(props: Props) {
  return (
    <BulkDialog title="Retry slowly" verb="retry" {...props}>
      {(counted) => <PaceForm {...counted} />}
    </BulkDialog>
  )
}

function PaceForm({ count, run, onClose }: Counted) {
  const [pace, setPace] = useState<Pace>({ count: 10, every: 1, unit: 'm' })
  const isGood = count > 0 && lastAfter(count, pace) !== undefined
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        if (isGood) run({ slow: paceWord(pace) })
      }}
    >
      <PaceFields pace={pace} onChange={setPace} />
      <p aria-live="polite">{count === 0 ? 'Nothing matches.' : paceText(count, pace, durationText)}</p>
      <p class="hint">The oldest first, each queue by itself. What waits for its turn is under “Scheduled”.</p>
      <DialogEnd does={`Retry ${itemsText(count)} slowly`} isReady={isGood} onClose={onClose} />
    </form>
  )
}

interface FieldsProps {
  readonly pace: Pace
  readonly onChange: (pace: Pace) => void
}

function PaceFields({ pace, onChange }: FieldsProps) {
  const units = Object.entries(PACE_UNITS)
  const unitOf = (word: string): PaceUnit => (word === 's' || word === 'h' ? word : 'm')
  return (
    <fieldset class="bar">
      <input
        type="number"
        min={1}
        max={999_999}
        required
        aria-label="How many at a time"
        style={{ width: '88px' }}
        value={pace.count}
        onInput={({ currentTarget }) => onChange({ ...pace, count: currentTarget.valueAsNumber })}
      />
      every
      <input
        type="number"
        min={1}
        required
        aria-label="How long after each other"
        style={{ width: '72px' }}
        value={pace.every}
        onInput={({ currentTarget }) => onChange({ ...pace, every: currentTarget.valueAsNumber })}
      />
      <select
        aria-label="Unit of time"
        value={pace.unit}
        onChange={({ currentTarget }) => onChange({ ...pace, unit: unitOf(currentTarget.value) })}
      >
        {units.map(([unit, words]) => (
          <option key={unit} value={unit}>
            {words}
          </option>
        ))}
      </select>
    </fieldset>
  )
}
