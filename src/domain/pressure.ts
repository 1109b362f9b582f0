/** What a machine must have left for a queue to start anything (docs/LIMITS.md). Pure. */

/** Of 1, or bytes (inodes: so many). */
export type Amount = { readonly share: number } | { readonly count: number }

/** Without a mark, undefined. */
export interface PressureMarks {
  readonly loadAbove: number | undefined
  readonly memoryBelow: Amount | undefined
  readonly diskBelow: Amount | undefined
  readonly inodesBelow: Amount | undefined
}

export interface Room {
  readonly free: number
  readonly total: number
}

/** What was looked at; undefined where nobody asked or the system does not tell. */
export interface MachineSample {
  /** Of the last minute. */
  readonly load: number | undefined
  readonly memory: Room | undefined
  readonly disk: Room | undefined
  readonly inodes: Room | undefined
}

export const PRESSURES = ['load', 'memory', 'disk', 'inodes'] as const

/** In words: "4.2%", "812 MiB". */
export interface Pressure {
  readonly what: (typeof PRESSURES)[number]
  readonly value: string
  readonly limit: string
}

export const NO_MARKS: PressureMarks = {
  loadAbove: undefined,
  memoryBelow: undefined,
  diskBelow: undefined,
  inodesBelow: undefined,
}

export function hasMarks({ loadAbove, memoryBelow, diskBelow, inodesBelow }: PressureMarks): boolean {
  return [loadAbove, memoryBelow, diskBelow, inodesBelow].some((mark) => mark !== undefined)
}

/** The first mark that is passed. */
export function pressureOf(sample: MachineSample, marks: PressureMarks): Pressure | undefined {
  const { load, memory, disk, inodes } = sample
  if (load !== undefined && marks.loadAbove !== undefined && load > marks.loadAbove)
    return { what: 'load', value: String(load), limit: String(marks.loadAbove) }
  return (
    below('memory', memory, marks.memoryBelow) ??
    below('disk', disk, marks.diskBelow) ??
    below('inodes', inodes, marks.inodesBelow)
  )
}

function below(
  what: 'memory' | 'disk' | 'inodes',
  room: Room | undefined,
  mark: Amount | undefined,
): Pressure | undefined {
  // Some file systems make inodes as they need them, and have none to count.
  if (room === undefined || mark === undefined || room.total === 0) return undefined
  if ('share' in mark) {
    const share = room.free / room.total
    return share < mark.share ? { what, value: percent(share), limit: percent(mark.share) } : undefined
  }
  if (room.free >= mark.count) return undefined
  const inWords = what === 'inodes' ? String : mebibytes
  return { what, value: inWords(room.free), limit: inWords(mark.count) }
}

/** `the load is 9.3, above 8` */
export function explainPressure({ what, value, limit }: Pressure): string {
  switch (what) {
    case 'load':
      return `the load is ${value}, above ${limit}`
    case 'memory':
      return `${value} of memory is available, below ${limit}`
    case 'disk':
      return `${value} of the disk is left, below ${limit}`
    case 'inodes':
      return `${value} of the inodes are left, below ${limit}`
  }
}

function percent(share: number): string {
  return `${Math.round(share * 1000) / 10}%`
}

function mebibytes(bytes: number): string {
  return `${Math.round(bytes / 1024 ** 2)} MiB`
}
