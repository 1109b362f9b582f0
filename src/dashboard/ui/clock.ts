/** The time on the server, to the second: what is shown as "3m ago" follows it. */
import { signal } from '@preact/signals'

let ahead = 0

export const clock = signal(Date.now())

/** `time`: ISO 8601, as the server told it just now. */
export function setClock(time: string): void {
  const server = Date.parse(time)
  if (!Number.isNaN(server)) ahead = server - Date.now()
}

setInterval(() => {
  if (!document.hidden) clock.value = Date.now() + ahead
}, 1_000)
