// Beside the throughput rows: `execa-loop.mjs N IN_FLIGHT PROGRAM [plain]` runs PROGRAM N times and prints the seconds.
// Without `plain` it is execa at its cheapest: own file descriptors, no buffers, no cleanup.
import { openSync } from 'node:fs'
import { execa } from 'execa'

const [count, inFlight, program, style] = process.argv.slice(2)
const nothing = openSync('/dev/null', 'r+')
const cheap = { stdio: [nothing, nothing, nothing], buffer: false, cleanup: false, extendEnv: false, reject: false }
const options = style === 'plain' ? {} : cheap

let left = Number(count)
async function runner() {
  while (left > 0) {
    left -= 1
    await execa(program, [], options)
  }
}

const start = process.hrtime.bigint()
await Promise.all(Array.from({ length: Number(inFlight) }, runner))
console.log(Number(process.hrtime.bigint() - start) / 1e9)
