import { expect, it } from 'vitest'
import { excessOf, explainExcess, NO_LIMITS, type RunLimits, type RunSample } from '../../src/domain/limits.ts'

const IDLE: RunSample = { elapsed: 0, cpu: undefined, rss: undefined, silent: undefined }
const M = 1024 ** 2

it.each<[sentence: string, sample: Partial<RunSample>, limits: Partial<RunLimits>, cause: string | undefined]>([
  ['within its time', { elapsed: 1000 }, { timeout: 1000 }, undefined],
  ['beyond its time', { elapsed: 1001 }, { timeout: 1000 }, 'timeout'],
  ['beyond its CPU time', { cpu: 5001 }, { cpu: 5000 }, 'cpu'],
  ['fat', { rss: 65 * M }, { memory: 64 * M }, 'memory'],
  ['silent', { silent: 2001 }, { silence: 2000 }, 'silence'],
  ['beyond all: its time comes first', { elapsed: 9, cpu: 9, rss: 9, silent: 9 }, { timeout: 1, cpu: 1, memory: 1, silence: 1 }, 'timeout'],
  ['not seen, which proves nothing', {}, { timeout: 1, cpu: 1, memory: 1, silence: 1 }, undefined],
  ['without limits', { elapsed: 1e12, cpu: 1e12, rss: 1e12, silent: 1e12 }, {}, undefined],
])('a run %s', (_sentence, sample, limits, cause) => {
  expect(excessOf({ ...IDLE, ...sample }, { ...NO_LIMITS, ...limits })?.cause).toBe(cause)
}) // biome-ignore format: a table

it('how far it was over is said in units that people read', () => {
  expect(explainExcess({ cause: 'timeout', value: 61_040, limit: 60_000 })).toBe('it ran 61 s, more than 60 s')
  expect(explainExcess({ cause: 'memory', value: 612.34 * M, limit: 512 * M })).toBe(
    'it used 612.3 MiB of memory, more than 512 MiB',
  )
})
