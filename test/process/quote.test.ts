/** Values reach a handler through a file that a shell sources: quoting is the only thing between them and commands. */
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { quote } from '../../src/launch/quote.ts'
import { tempRoot } from '../helpers/daemon.ts'

/** Bytes, one character each, rich in what a shell looks at. */
const bytes = fc
  .array(
    fc.oneof(
      fc.constantFrom(...'\'"\\$`\n\r\t !*?[]{}()<>|&;#~=%^'),
      fc.constantFrom("'\\''", '$nl', '$(id)', '\\n', '\\'),
      fc.integer({ min: 1, max: 255 }).map((code) => String.fromCharCode(code)),
    ),
    { maxLength: 40 },
  )
  .map((parts) => parts.join(''))

test.each(['sh', 'bash'])('the shell reads back what was quoted, byte for byte: %s', (shell) => {
  const file = join(tempRoot(), 'values')
  fc.assert(
    fc.property(fc.array(bytes, { minLength: 50, maxLength: 200 }), (values) => {
      const lines = values.map((value) => `v=${quote(value)}; printf '%s\\0' "$v"`)
      expect(lines.every((line) => !line.includes('\n'))).toBe(true)
      writeFileSync(file, `nl='\n'\n${lines.join('\n')}\n`, 'latin1')
      const env = { PATH: process.env['PATH'], LC_ALL: 'C' }
      const read = execFileSync(shell, ['-c', '. "$0"', file], { env, stdio: ['ignore', 'pipe', 'inherit'] })
      expect(read.toString('latin1').split('\0').slice(0, -1)).toEqual(values)
    }),
    { numRuns: 60 },
  )
})
