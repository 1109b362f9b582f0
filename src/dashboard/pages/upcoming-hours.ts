/** The hour in which it falls, by the browser's clock: `Today, 14:00`. */
export function hourOf(due: string | null, now: number): string {
  if (due === null) return 'At any time'
  const time = new Date(due)
  if (time.getTime() <= now) return 'Due now'
  const hour = `${String(time.getHours()).padStart(2, '0')}:00`
  return `${dayOf(time, now)}, ${hour}`
}

function dayOf(time: Date, now: number): string {
  const day = time.toDateString()
  if (day === new Date(now).toDateString()) return 'Today'
  const tomorrow = new Date(now)
  tomorrow.setDate(tomorrow.getDate() + 1)
  if (day === tomorrow.toDateString()) return 'Tomorrow'
  const isThisYear = time.getFullYear() === new Date(now).getFullYear()
  const year = isThisYear ? {} : ({ year: 'numeric' } as const)
  return time.toLocaleDateString(undefined, { weekday: 'long', day: 'numeric', month: 'long', ...year })
}
