// Reads what `move-items` printed and `stamp` appended, and matches the two by the item's id.
import { readFileSync, rmSync } from 'node:fs'

const ID = /\d{8}T\d{6}\.\d{6}-[0-9a-z]{6}/

/** Forgets the stamps so far. Nothing may be running that stamps. */
export function clearStamps(tools) {
  rmSync(tools.stamps, { force: true })
}

/** One {id, ns} for every handler that began, in the order they wrote. */
export function readStamps(tools) {
  return parse(readText(tools.stamps))
}

/** Milliseconds from the rename to the handler's main(), for every item that was moved; undefined until all have run. */
export function latencies(moved, stamps) {
  const began = new Map()
  for (const { id, ns } of stamps) if (!began.has(id)) began.set(id, ns)
  const items = parse(moved)
  return items.every(({ id }) => began.has(id)) ? items.map(({ id, ns }) => (began.get(id) - ns) / 1e6) : undefined
}

function parse(text) {
  // The last piece is empty, or a line not yet whole.
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => ({ id: line.match(ID)?.[0] ?? line, ns: Number(line.slice(0, line.indexOf(' '))) }))
}

function readText(path) {
  try {
    return readFileSync(path, 'latin1')
  } catch (error) {
    if (error.code === 'ENOENT') return ''
    throw error
  }
}
