import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { carried, decodeCarried, encodeCarried } from '../../src/domain/carried.ts'
import { exposition } from '../../src/domain/exposition.ts'
import { addDuration, boundOf, bucketOf, emptyHistogram } from '../../src/domain/histogram.ts'
import { count, DAY, emptyTally, measure } from '../../src/domain/stats.ts'
import { readExposition } from '../helpers/exposition.ts'

describe('the text for Prometheus', () => {
  it('is read back, whatever the labels hold', () => {
    const sample = fc.record({ value: fc.double(), label: fc.string({ unit: 'binary' }) })
    fc.assert(
      fc.property(fc.uniqueArray(sample, { selector: ({ label }) => label, minLength: 1 }), (all) => {
        const samples = all.map(({ value, label }) => ({ value, labels: { queue: label } }))
        const text = exposition([{ type: 'gauge', name: 'rqd_x', help: 'a \\ b\nc', samples }])
        const family = readExposition(text).get('rqd_x')
        expect(family?.type).toBe('gauge')
        expect([...(family?.samples.values() ?? [])]).toEqual(all.map(({ value }) => (value === 0 ? 0 : value)))
      }),
    )
  })
  it('counts each duration on the right side of each bound', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 100_000_000 })), (values) => {
        const histogram = emptyHistogram()
        for (const ms of values) addDuration(histogram, ms)
        const text = exposition([{ type: 'histogram', name: 'h', help: 'x', samples: [{ labels: {}, histogram }] }])
        for (const [key, n] of readExposition(text).get('h')?.samples ?? []) {
          const le = /le="([^"]*)"/.exec(key)?.[1]
          const bound = le === '+Inf' ? Number.POSITIVE_INFINITY : Number(le) * 1000
          if (le !== undefined) expect([key, n]).toEqual([key, values.filter((ms) => ms <= bound + 1e-6).length])
        }
      }),
    )
  })
  it('has for each bucket the largest duration that counts into it', () => {
    for (let bucket = 0; bucket < 150; bucket += 1) {
      expect(bucketOf(boundOf(bucket))).toBeLessThanOrEqual(bucket)
      expect(bucketOf(boundOf(bucket) + 1)).toBeGreaterThan(bucket)
    }
  })
  it.each([
    'rqd_x 1\n',
    '# HELP rqd_x y\n# TYPE rqd_x gauge\nrqd_x 1',
    '# HELP rqd_x y\n# TYPE rqd_x gauge\nrqd_x{a="b} 1\n',
    '# HELP rqd_x y\n# TYPE rqd_x gauge\nrqd_x{a="\\x"} 1\n',
    '# HELP rqd_x y\n# TYPE rqd_x gauge\nrqd_x 1\nrqd_x 2\n',
    '# HELP rqd_x y\n# TYPE rqd_x counter\nrqd_x 1\n',
    '# HELP h y\n# TYPE h histogram\nh_bucket{le="1"} 2\nh_bucket{le="+Inf"} 1\nh_sum 1\nh_count 1\n',
  ])('would be found to be wrong: %j', (text) => {
    expect(() => readExposition(text)).toThrow()
  })
})

describe('what is carried on', () => {
  const day = Date.UTC(2026, 10, 26)
  const record = fc
    .tuple(fc.nat({ max: 1439 }), fc.nat({ max: 5 }), fc.array(fc.nat({ max: 10_000 }), { maxLength: 4 }))
    .map(([minute, done, runs]) => {
      const tally = emptyTally(day + minute * 60_000)
      for (let n = 0; n < done; n += 1) count(tally, 'done', tally.from)
      for (const ms of runs) measure(tally, 'run', ms)
      return tally
    })
  it('is the sum of all days, through files as well', () => {
    fc.assert(
      fc.property(fc.array(fc.array(record, { maxLength: 5 }), { minLength: 1, maxLength: 5 }), (days) => {
        let sum: ReturnType<typeof decodeCarried>
        for (const [n, records] of days.entries())
          sum = decodeCarried(encodeCarried(carried(sum, day + n * DAY, records)))
        const all = days.flat()
        expect(sum?.through).toBe(day + (days.length - 1) * DAY)
        expect(sum?.sum.counts.done).toBe(all.reduce((total, { counts }) => total + counts.done, 0))
        expect(sum?.sum.run.sum).toBe(all.reduce((total, { run }) => total + run.sum, 0))
      }),
    )
  })
  it.each(['', '{}', '{"through":"x","sum":{}}', '{"through":"20261126"}', '[1]'])('%j is none', (text) => {
    expect(decodeCarried(text)).toBeUndefined()
  })
})
