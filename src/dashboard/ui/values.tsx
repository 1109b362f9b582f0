/** Times, durations, sizes and states, each in its one form. */
import { clock } from './clock.ts'
import { agoText, bytesText, clockText, durationText } from './format.ts'

const NOTHING = <span class="none">–</span>

/** How long ago, or how long until; the time itself is in its title. */
export function Time({ at }: { readonly at: string | null | undefined }) {
  if (at === null || at === undefined) return NOTHING
  const time = Date.parse(at)
  return (
    <time class="time" dateTime={at} title={`${clockText(time)}\n${at}`}>
      {agoText(time, clock.value)}
    </time>
  )
}

/** Since then, counting on: how long something runs. */
export function Since({ at }: { readonly at: string | null | undefined }) {
  if (at === null || at === undefined) return NOTHING
  return <Duration ms={Math.max(0, clock.value - Date.parse(at))} title={at} />
}

export function Duration({ ms, title }: { readonly ms: number | null | undefined; readonly title?: string }) {
  if (ms === null || ms === undefined) return NOTHING
  return (
    <span class="duration" title={title}>
      {durationText(ms)}
    </span>
  )
}

export function Bytes({ bytes }: { readonly bytes: number | null | undefined }) {
  if (bytes === null || bytes === undefined) return NOTHING
  return <span title={`${bytes} bytes`}>{bytesText(bytes)}</span>
}

/** Words of the states (docs/QUERY.md), each with a shape of its own: nobody has to tell colours apart. */
const STATUS_LOOKS: Readonly<Record<string, readonly [kind: string, mark: string]>> = {
  building: ['calm', '◌'],
  waiting: ['calm', '○'],
  scheduled: ['calm', '◷'],
  settling: ['warn', '◌'],
  unavailable: ['warn', '△'],
  running: ['busy', '▶'],
  held: ['warn', '‖'],
  done: ['good', '✓'],
  relayed: ['good', '→'],
  failed: ['bad', '✕'],
  paused: ['warn', '‖'],
  down: ['bad', '⏻'],
}

export function StatusBadge({ status, why }: { readonly status: string; readonly why?: string | undefined }) {
  const [kind, mark] = STATUS_LOOKS[status] ?? ['calm', '·']
  return (
    <span class={`badge ${kind}`} title={why}>
      <span aria-hidden="true">{mark}</span> {status}
    </span>
  )
}

export function Tags({ tags }: { readonly tags: readonly string[] }) {
  return (
    <>
      {tags.map((tag) => (
        <span key={tag} class="tag">
          {tag}
        </span>
      ))}
    </>
  )
}
