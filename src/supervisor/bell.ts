/** What wakes the loop: events only ring, the loop does the work. A ring while it works is kept. */
export interface Bell {
  ring(): void
  /** Until somebody rings, at most so long. */
  wait(ms: number): Promise<void>
}

export function makeBell(): Bell {
  let hasRung = false
  let wake: (() => void) | undefined
  return {
    ring: () => {
      hasRung = true
      wake?.()
    },
    wait: async (ms) => {
      if (!hasRung) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, Math.max(0, ms))
          wake = () => {
            clearTimeout(timer)
            resolve()
          }
        })
      }
      wake = undefined
      hasRung = false
    },
  }
}
