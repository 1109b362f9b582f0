/** How far back figures and charts reach: part of the link. */
import { query, withQuery } from './router.ts'

export const RANGES = {
  '1h': { title: '1 h', by: '1m', ms: 3_600_000 },
  '24h': { title: '24 h', by: '15m', ms: 86_400_000 },
  '7d': { title: '7 d', by: '2h', ms: 604_800_000 },
} as const
export type Range = keyof typeof RANGES

const NAMES = Object.keys(RANGES).filter((name): name is Range => Object.hasOwn(RANGES, name))

export function rangeOfLink(): Range {
  const said = query.value.get('range')
  return NAMES.find((name) => name === said) ?? '1h'
}

export function RangeChoice() {
  const chosen = rangeOfLink()
  return (
    <nav class="choices" aria-label="How far back">
      {NAMES.map((name) => (
        <a
          key={name}
          href={withQuery({ range: name === '1h' ? undefined : name })}
          aria-current={name === chosen ? 'true' : undefined}
        >
          {RANGES[name].title}
        </a>
      ))}
    </nav>
  )
}
