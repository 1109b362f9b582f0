// What was made is undone in reverse, however the run ends.
const undo = []

/** Registers a synchronous undo; returns a function that does it now, once. */
export function onExit(action) {
  let done = false
  const once = () => {
    if (done) return
    done = true
    action()
  }
  undo.push(once)
  return once
}

/** Undoes what was registered while `work` ran, whether it succeeds or not. */
export async function undone(work) {
  const mark = undo.length
  try {
    return await work()
  } finally {
    undoTo(mark)
  }
}

function undoTo(mark) {
  for (const action of undo.splice(mark).reverse()) {
    try {
      action()
    } catch (error) {
      console.error(`bench: could not clean up: ${error.message}`)
    }
  }
}

process.on('exit', () => undoTo(0))
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
]) {
  process.on(signal, () => process.exit(code))
}
