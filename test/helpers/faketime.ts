/** A wall clock of a test's own, for real processes: libfaketime, whose offset lies in a file that may change any time. */
import { existsSync, readdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const NAME = 'libfaketime.so.1'

function findLibrary(): string | undefined {
  const homes = ['/usr/lib', '/usr/lib64', '/usr/local/lib', '/usr/local/lib64'].filter((home) => existsSync(home))
  return homes
    .flatMap((home) => [home, ...readdirSync(home).map((name) => join(home, name))])
    .flatMap((dir) => [join(dir, 'faketime', NAME), join(dir, NAME)])
    .find((path) => existsSync(path))
}

export const FAKETIME = findLibrary()

export interface TestClock {
  /** For every process that shall live by it. */
  readonly env: Readonly<Record<string, string>>
  /** From now on it is this time, and goes on from there. */
  set(iso: string): void
  now(): number
}

/** `dir` keeps the offset. Timers stay real: only the wall clock is another. */
export function testClock(dir: string, iso: string): TestClock {
  const file = join(dir, 'clock')
  let offset = 0
  const clock: TestClock = {
    env: {
      LD_PRELOAD: FAKETIME ?? '',
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      NO_FAKE_STAT: '1',
    },
    set: (to) => {
      offset = Date.parse(to) - Date.now()
      const seconds = (offset / 1000).toFixed(3)
      // A reader in between must not meet half a number.
      writeFileSync(`${file}.new`, offset < 0 ? seconds : `+${seconds}`)
      renameSync(`${file}.new`, file)
    },
    now: () => Date.now() + offset,
  }
  clock.set(iso)
  return clock
}
