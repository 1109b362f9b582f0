#!/usr/bin/env node
// A result: reads a package.json and answers with a summary. What is written to $RQ_RESULT as JSON is kept with
// the item; `rq result ID` prints it.
import { readFileSync, writeFileSync, writeSync } from 'node:fs'

const [path] = process.argv.slice(2)
const say = (line) => writeSync(3, `${line}\n`)

try {
  const manifest = JSON.parse(readFileSync(path ?? 0, 'utf8'))
  const names = (key) => Object.keys(manifest[key] ?? {})
  const result = {
    name: manifest.name,
    version: manifest.version,
    license: manifest.license ?? null,
    dependencies: names('dependencies').length,
    scripts: names('scripts'),
  }
  writeFileSync(process.env.RQ_RESULT, JSON.stringify(result))
  say(`done ${result.name} ${result.version}`)
} catch (error) {
  if (!(error instanceof SyntaxError)) throw error
  // It will not get better by itself: 65 is never retried. An exception ends with 1, which may be.
  say(`fail not JSON: ${error.message}`)
  process.exitCode = 65
}
