// The benchmark. Usage and what each group means: README.md.
import { existsSync, writeFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { undone } from './lib/cleanup.mjs'
import { missing, PLACES } from './lib/places.mjs'
import { failedRow, formatTable } from './lib/rows.mjs'
import { compileTools } from './lib/tools.mjs'
import { measure as burst } from './rows/burst.mjs'
import { measure as earlier } from './rows/earlier.mjs'
import { measure as exec } from './rows/exec.mjs'
import { measure as inject } from './rows/inject.mjs'
import { measure as latency } from './rows/latency.mjs'
import { measure as ls } from './rows/ls.mjs'
import { measure as million } from './rows/million.mjs'
import { measure as pick } from './rows/pick.mjs'
import { measure as policies } from './rows/policies.mjs'
import { measure as queues } from './rows/queues.mjs'
import { measure as rest } from './rows/rest.mjs'
import { measure as settle } from './rows/settle.mjs'
import { measure as webListing } from './rows/web-listing.mjs'
import { measure as webPages } from './rows/web-pages.mjs'

const GROUPS = {
  exec,
  latency,
  inject,
  million,
  burst,
  queues,
  rest,
  ls,
  'web-listing': webListing,
  'web-pages': webPages,
  pick,
  settle,
  policies,
  earlier,
}
// The last commit in which no queue had a policy.
const BEFORE_POLICIES = '5c9e6f5'

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string', default: Object.keys(GROUPS).join() },
    on: { type: 'string', default: Object.keys(PLACES).join() },
    bin: { type: 'string', default: join(import.meta.dirname, '..', 'bin') },
    earlier: { type: 'string', default: BEFORE_POLICIES },
    rounds: { type: 'string' },
    pending: { type: 'string', default: '100000' },
    json: { type: 'string' },
  },
})
const groups = known('--only', values.only.split(','), Object.keys(GROUPS))
const places = known('--on', values.on.split(','), Object.keys(PLACES))
const bin = resolve(values.bin)
for (const name of ['rq', 'rqd']) if (!existsSync(join(bin, name))) fail(`there is no ${name} in ${bin}`)

const results = {}
const shared = {
  bin,
  quick: values.quick,
  earlier: values.earlier,
  rounds: Number(values.rounds ?? (values.quick ? 3 : 5)),
  pending: Number(values.pending),
  tools: compileTools(),
}
for (const name of places) {
  const reason = missing(name)
  if (reason === undefined) results[name] = await measureOn(name)
  else console.log(`\n${name}: skipped: ${reason}`)
}
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(results, null, 2)}\n`)
// Slow is a row of the table; only what could not be measured is an error.
process.exit(
  Object.values(results)
    .flat()
    .some(({ verdict }) => verdict.startsWith('FAILED'))
    ? 1
    : 0,
)

async function measureOn(name) {
  const [load] = loadavg()
  if (load > 0.5)
    console.error(`bench: ${name}: the machine is not quiet (load ${load.toFixed(1)}): expect wide ranges`)
  const rows = []
  for (const group of groups) {
    const start = Date.now()
    const measured = undone(() => GROUPS[group]({ ...shared, place: PLACES[name]() }))
    rows.push(...(await measured.catch((error) => [failedRow(group, error)])))
    console.error(`bench: ${name}, ${group}: ${Math.round((Date.now() - start) / 1000)} s`)
  }
  console.log(`\n${name}\n\n${formatTable(rows)}`)
  return rows
}

function known(option, wanted, all) {
  const unknown = wanted.find((name) => !all.includes(name))
  if (unknown !== undefined) fail(`${option} ${unknown}: there are ${all.join(', ')}`)
  return wanted
}

function fail(message) {
  console.error(`bench: ${message}`)
  process.exit(2)
}
