/** Thresholds and states of a Nagios check (Monitoring Plugins Development Guidelines). Pure. */

export const HEALTH_CODES = { OK: 0, WARNING: 1, CRITICAL: 2, UNKNOWN: 3 } as const
export type Health = keyof typeof HEALTH_CODES

/** More than `warning` warns. undefined: never. */
export interface Threshold {
  readonly warning: number | undefined
  readonly critical: number | undefined
}

/** `W:C`, `W:` or `:C`; undefined when it is none of them, or critical comes first. */
export function parseThreshold(text: string, parse: (text: string) => number | undefined): Threshold | undefined {
  const parts = text.split(':')
  if (parts.length !== 2) return undefined
  const [warning, critical] = parts.map((part) => (part.trim() === '' ? undefined : (parse(part) ?? Number.NaN)))
  if (Number.isNaN(warning) || Number.isNaN(critical)) return undefined
  if (warning !== undefined && critical !== undefined && warning > critical) return undefined
  return { warning, critical }
}

export function rate(value: number, { warning, critical }: Threshold): Health {
  if (critical !== undefined && value > critical) return 'CRITICAL'
  return warning !== undefined && value > warning ? 'WARNING' : 'OK'
}

const ORDER = ['OK', 'UNKNOWN', 'WARNING', 'CRITICAL'] as const satisfies readonly Health[]

export function worst(all: readonly Health[]): Health {
  return ORDER.findLast((health) => all.includes(health)) ?? 'OK'
}

/** `'label'=value;warn;crit;0` */
export function perfdata(label: string, value: number, unit: string, { warning, critical }: Threshold): string {
  const safe = /^[A-Za-z0-9_.-]+$/.test(label) ? label : `'${label.replaceAll("'", "''").replaceAll('|', '_')}'`
  return `${safe}=${value}${unit};${warning ?? ''};${critical ?? ''};0`
}
