/** A schedule run now, with other parameters where that is wanted. */
import { useState } from 'preact/hooks'
import { formatJson } from '../../domain/json.ts'
import type { ScheduleDone } from '../../service/schedule.ts'
import type { ScheduleRow } from '../../service/schedule-list.ts'
import { change, wordsOf } from '../api.ts'
import { Dialog, DialogEnd } from '../ui/dialog.tsx'
import { toast } from '../ui/toasts.tsx'

interface Props {
  readonly row: ScheduleRow
  readonly onDone: () => void
  readonly onClose: () => void
}

interface Field {
  readonly name: string
  /** `param1` to `param4` stand beside the free ones. */
  readonly isFree: boolean
  readonly usual: string
}

export function RunForm({ row, onDone, onClose }: Props) {
  const [problem, setProblem] = useState<string>()
  const { queue, name } = row
  const submit = async (event: SubmitEvent) => {
    event.preventDefault()
    if (!(event.currentTarget instanceof HTMLFormElement)) return
    try {
      const path = `/schedules/${encodeURIComponent(queue)}/${encodeURIComponent(name)}/run`
      const { value } = await change<readonly ScheduleDone[]>('POST', path, bodyOf(row, event.currentTarget))
      toast(`${name} waits as ${value[0]?.id ?? 'an item'}`)
      onDone()
      onClose()
    } catch (error) {
      setProblem(wordsOf(error))
    }
  }
  return (
    <Dialog title={`Run ${name} now`} onClose={onClose}>
      <form onSubmit={(event) => void submit(event)}>
        <Fields row={row} />
        <DialogEnd does="Run now" problem={problem} onClose={onClose} />
      </form>
    </Dialog>
  )
}

function Fields({ row }: { readonly row: ScheduleRow }) {
  return (
    <>
      <p class="hint">
        An item of <b>{row.queue}</b>, as the schedule makes them
        {row.cron === null ? '' : '; the next one comes as planned'}.
      </p>
      {fieldsOf(row).map(({ name, isFree, usual }) => (
        <label key={name} class="field">
          <span>{name}</span>
          <input name={isFree ? `free.${name}` : name} defaultValue={usual} autocomplete="off" />
        </label>
      ))}
      <label class="field">
        <span>More parameters</span>
        <textarea name="more" rows={2} class="mono" placeholder={'date=2026-11-22'} />
        <span class="hint">A line for each: name=value</span>
      </label>
      {row.overlap === 'skip' && (
        <label>
          <input type="checkbox" name="force" /> also while the last one waits or runs
        </label>
      )}
    </>
  )
}

function fieldsOf({ params: { params = {}, ...numbered } }: ScheduleRow): readonly Field[] {
  const field = (name: string, value: unknown, isFree: boolean): Field => ({
    ...{ name, isFree, usual: typeof value === 'string' ? value : formatJson(value) },
  })
  return [
    ...Object.entries(numbered).map(([name, value]) => field(name, value, false)),
    ...Object.entries(params).map(([name, value]) => field(name, value, true)),
  ]
}

/** Only what is another than usual: numbers and lists stay what they are. */
function bodyOf(row: ScheduleRow, form: HTMLFormElement): object {
  const given = new FormData(form)
  const textOf = (name: string) => String(given.get(name) ?? '')
  const changed = fieldsOf(row)
    .map(({ name, isFree, usual }) => ({ name, isFree, usual, text: textOf(isFree ? `free.${name}` : name) }))
    .filter(({ usual, text }) => text !== usual)
  const more = textOf('more')
    .split('\n')
    .map((line) => /^\s*([^=\s]+)\s*=(.*)$/.exec(line))
    .flatMap((match) => (match === null ? [] : [[match[1] ?? '', match[2] ?? ''] as const]))
  const free = [...changed.filter(({ isFree }) => isFree).map(({ name, text }) => [name, text] as const), ...more]
  return {
    ...Object.fromEntries(changed.filter(({ isFree }) => !isFree).map(({ name, text }) => [name, text])),
    ...(free.length === 0 ? {} : { param: Object.fromEntries(free) }),
    ...(given.has('force') ? { force: true } : {}),
  }
}
