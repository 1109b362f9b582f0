/** What a queue is told to do: every value in force and whose word it is; its file, checked while it is written. */

import { useMemo, useState } from 'preact/hooks'
import { formatJson } from '../../domain/json.ts'
import type { ConfigSchema, EffectiveConfig } from '../../service/config.ts'
import { useFetched } from '../fetched.ts'
import { may } from '../session.ts'
import { ConfigEditor } from './config-editor.tsx'
import { wordsFor } from './config-words.ts'

export function QueueConfig({ queue }: { readonly queue: string }) {
  const path = `/queues/${encodeURIComponent(queue)}/config`
  const { value, problem, again } = useFetched<EffectiveConfig>(path, {})
  return (
    <div class="config">
      {problem !== undefined && (
        <p class="notice bad" role="alert">
          {problem}
        </p>
      )}
      {value !== undefined && <ConfigEditor key={value.version ?? 'none'} config={value} path={path} onSaved={again} />}
      {value !== undefined && <Effective config={value} />}
      {!may('admin') && <p class="hint">Only admins change it.</p>}
    </div>
  )
}

const FROM = { default: 'default', root: 'the root', queue: 'this queue' } as const

interface Row {
  readonly key: string
  readonly text: string
  readonly from: keyof typeof FROM
  readonly file: string | undefined
  readonly words: string
}

function rowsOf({ values, off }: EffectiveConfig, schema: unknown): readonly Row[] {
  const set = values.map(({ key, value, from, file }) => ({
    key,
    text: formatJson(value),
    from,
    file: file ?? undefined,
  }))
  const unset = off.map((key) => ({ key, text: 'off', from: 'default' as const, file: undefined }))
  const byKey = (one: { key: string }, other: { key: string }) => (one.key < other.key ? -1 : 1)
  return [...set, ...unset].toSorted(byKey).map((row) => ({ ...row, words: wordsFor(schema, row.key) }))
}

function Effective({ config }: { readonly config: EffectiveConfig }) {
  const { value: schema } = useFetched<ConfigSchema>('/config/schema', {})
  const [isAll, setAll] = useState(false)
  const [filter, setFilter] = useState('')
  const rows = useMemo(() => rowsOf(config, schema?.schema), [config, schema])
  const sought = filter.trim().toLowerCase()
  const shown = rows.filter(({ key, from, words }) =>
    sought === '' ? isAll || from !== 'default' : `${key} ${words}`.toLowerCase().includes(sought),
  )
  return (
    <section class="effective" aria-label="What is in force">
      <div class="bar">
        <h2>In force</h2>
        <span class="grow" />
        <input
          type="search"
          aria-label="Filter keys"
          placeholder="retry"
          value={filter}
          onInput={(event) => setFilter(event.currentTarget.value)}
        />
        <label>
          <input type="checkbox" checked={isAll} onChange={() => setAll(!isAll)} /> defaults, too
        </label>
      </div>
      {shown.length > 0 ? <Values rows={shown} /> : <p class="hint">{nothingFor(sought)}</p>}
    </section>
  )
}

function nothingFor(sought: string): string {
  return sought === '' ? 'Every value is the default.' : `No key is called or described like "${sought}".`
}

function Values({ rows }: { readonly rows: readonly Row[] }) {
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">Key</th>
          <th scope="col">Value</th>
          <th scope="col">From</th>
        </tr>
      </thead>
      <tbody>
        {rows.map(({ key, text, from, file, words }) => (
          <tr key={key}>
            <td>
              <span class="mono">{key}</span>
              {words !== '' && <div class="hint">{words}</div>}
            </td>
            <td class="mono">{text}</td>
            <td title={file}>
              <span class={`badge ${from === 'queue' ? 'busy' : ''}`}>{FROM[from]}</span>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
