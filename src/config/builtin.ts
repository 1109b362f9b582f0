/** Handlers that come with rqd: `"handler": "@alert"` is the program beside this one. */
import { join } from 'node:path'

const PROGRAMS = { '@alert': 'alert.cjs' } as const satisfies Record<`@${string}`, string>

/** argv of a handler that comes with rqd; undefined: it is somebody's own. */
export function builtinHandler(name: string): readonly string[] | undefined {
  const program = Object.hasOwn(PROGRAMS, name) ? PROGRAMS[name as keyof typeof PROGRAMS] : undefined
  return program === undefined ? undefined : [process.execPath, join(__dirname, program)]
}
