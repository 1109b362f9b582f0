import { expect, it } from 'vitest'
import { type MachineSample, NO_MARKS, type PressureMarks, pressureOf } from '../../src/domain/pressure.ts'

const G = 1024 ** 3
const SAMPLE: MachineSample = {
  load: 2.5,
  memory: { free: G, total: 10 * G },
  disk: { free: 2 * G, total: 100 * G },
  inodes: { free: 400, total: 10_000 },
}
const NONE: MachineSample = { load: undefined, memory: undefined, disk: undefined, inodes: undefined }

it.each<[sentence: string, marks: Partial<PressureMarks>, pressure: object | undefined]>([
  ['without marks', {}, undefined],
  ['at its load', { loadAbove: 2.5 }, undefined],
  ['above its load', { loadAbove: 2 }, { what: 'load', value: '2.5', limit: '2' }],
  ['with its share of memory', { memoryBelow: { share: 0.1 } }, undefined],
  ['below its share of memory', { memoryBelow: { share: 0.2 } }, { what: 'memory', value: '10%', limit: '20%' }],
  ['below its bytes of memory', { memoryBelow: { count: 2 * G } }, { what: 'memory', value: '1024 MiB', limit: '2048 MiB' }],
  ['below its room', { diskBelow: { share: 0.05 } }, { what: 'disk', value: '2%', limit: '5%' }],
  ['below its inodes', { inodesBelow: { count: 500 } }, { what: 'inodes', value: '400', limit: '500' }],
  ['below all: the load comes first', { loadAbove: 1, diskBelow: { share: 1 } }, { what: 'load' }],
])('a machine %s', (_sentence, marks, pressure) => {
  const found = pressureOf(SAMPLE, { ...NO_MARKS, ...marks })
  if (pressure === undefined) expect(found).toBeUndefined()
  else expect(found).toMatchObject(pressure)
}) // biome-ignore format: a table

it('what the system does not tell holds nothing back', () => {
  const marks = { loadAbove: 0, memoryBelow: { share: 1 }, diskBelow: { share: 1 }, inodesBelow: { share: 1 } }
  expect(pressureOf(NONE, marks)).toBeUndefined()
  expect(pressureOf({ ...NONE, inodes: { free: 0, total: 0 } }, marks)).toBeUndefined()
})
