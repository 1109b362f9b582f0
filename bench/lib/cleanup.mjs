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

process.on('exit', () => {
  for (const action of undo.reverse()) {
    try {
      action()
    } catch (error) {
      console.error(`bench: could not clean up: ${error.message}`)
    }
  }
})
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
]) {
  process.on(signal, () => process.exit(code))
}
