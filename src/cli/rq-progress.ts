/** A bar for many files, on a terminal's stderr. Loaded only when there is one to draw. */
import type { SingleBar } from 'cli-progress'

/** Fewer are done before anybody looks. */
const WORTH_A_BAR = 50

export interface Progress {
  readonly isShown: boolean
  readonly update: (done: number, total: number) => void
  readonly stop: () => void
}

export function makeProgress(isTerminal: boolean): Progress {
  let bar: SingleBar | undefined
  let loading = false
  let stopped = false
  const load = async (total: number) => {
    const { default: progress } = await import('cli-progress')
    if (stopped) return
    bar = new progress.SingleBar(
      { format: ' {bar} {value}/{total}  {eta_formatted} left', hideCursor: true, stream: process.stderr },
      progress.Presets.shades_classic,
    )
    bar.start(total, 0)
  }
  return {
    isShown: isTerminal,
    update: (done, total) => {
      if (!isTerminal || total < WORTH_A_BAR) return
      if (!loading) {
        loading = true
        void load(total)
      }
      bar?.setTotal(total)
      bar?.update(done)
    },
    stop: () => {
      stopped = true
      bar?.stop()
      bar = undefined
    },
  }
}
