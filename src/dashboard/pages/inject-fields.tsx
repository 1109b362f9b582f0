import type { ComponentChildren } from 'preact'
import type { QueueForm } from '../../service/form.ts'
import { AT } from './inject-message.ts'

type Field = QueueForm['fields'][number]

interface Props {
  readonly field: Field
  readonly onFiles: (files: readonly File[]) => void
}

export function FormFieldView({ field, onFiles }: Props) {
  if (field.type === 'duration') return <Group field={field} of={<TimeChoice field={field} />} />
  if (field.type === 'tags' && field.choices !== null) return <Group field={field} of={<TagChoice field={field} />} />
  return (
    // biome-ignore lint/a11y/noLabelWithoutControl: the control is in <Input>
    <label class={field.type === 'boolean' ? 'field check' : 'field'}>
      <span>
        {field.label}
        {field.required && <span class="bad-text"> *</span>}
      </span>
      <Input field={field} onFiles={onFiles} />
      {field.help !== null && <span class="hint">{field.help}</span>}
    </label>
  )
}

/** Several controls under one name. */
function Group({ field: { label, required, help }, of }: Pick<Props, 'field'> & { readonly of: ComponentChildren }) {
  return (
    <fieldset class="field">
      <legend>
        {label}
        {required && <span class="bad-text"> *</span>}
      </legend>
      {of}
      {help !== null && <span class="hint">{help}</span>}
    </fieldset>
  )
}

function TimeChoice({ field }: Pick<Props, 'field'>) {
  const { name, label } = field
  return (
    <span class="either">
      {field.choices === null ? (
        <input
          name={name}
          aria-label={`${label}: a duration`}
          defaultValue={typed(field.default) ?? ''}
          placeholder="at once; or 10m, 2h"
          autocomplete="off"
        />
      ) : (
        <Choice field={{ ...field, required: false }} />
      )}
      <span class="or">
        or at
        <input name={AT} type="datetime-local" step="1" aria-label={`${label}: a time`} />
      </span>
    </span>
  )
}

function TagChoice({ field: { name, choices, default: usual } }: Pick<Props, 'field'>) {
  const isUsual = (value: unknown) => Array.isArray(usual) && usual.includes(value)
  return (
    <span class="checks">
      {(choices ?? []).map(({ value, label }, n) => (
        <label key={label}>
          <input type="checkbox" name={name} value={n} defaultChecked={isUsual(value)} /> {label}
        </label>
      ))}
    </span>
  )
}

/** A default as it is typed. */
function typed(value: unknown): string | undefined {
  if (value === null || value === undefined) return undefined
  if (Array.isArray(value)) return value.join(' ')
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

function Input({ field, onFiles }: Props) {
  const { name, required, type } = field
  const common = { name, required, defaultValue: typed(field.default) ?? '' }
  switch (type) {
    case 'text':
      return <input {...common} pattern={field.pattern ?? undefined} autocomplete="off" />
    case 'textarea':
      return <textarea {...common} rows={4} />
    case 'json':
      return <textarea {...common} class="mono" rows={4} spellcheck={false} />
    case 'number':
      return <input {...common} type="number" step="any" />
    case 'boolean':
      return <input name={name} type="checkbox" defaultChecked={field.default === true} />
    case 'choice':
    case 'priority':
      return <Choice field={field} />
    case 'tags':
      return <input {...common} placeholder="eu nightly" autocomplete="off" />
    case 'params':
      return <textarea {...common} class="mono" rows={3} placeholder="city=Bonn" spellcheck={false} />
    case 'files':
      return (
        <input
          type="file"
          multiple
          required={required}
          onChange={(event) => onFiles([...(event.currentTarget.files ?? [])])}
        />
      )
    case 'duration':
      return null
  }
}

const PRIORITIES = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map((n) => ({ value: n, label: String(n) }))

/** A choice is sent by its number, as its value need not be a text. */
function Choice({ field: { name, label, required, type, choices, default: usual } }: { readonly field: Field }) {
  const all = type === 'priority' && choices === null ? PRIORITIES : (choices ?? [])
  return (
    <select name={name} required={required} aria-label={type === 'duration' ? `${label}: a duration` : undefined}>
      {!required && <option value="">{type === 'priority' ? 'as usual (5)' : '–'}</option>}
      {all.map(({ value, label: title }, n) => (
        <option key={title} value={type === 'priority' ? String(value) : String(n)} selected={value === usual}>
          {title}
        </option>
      ))}
    </select>
  )
}
