/** Whose word counts: the nearest, key by key. */
import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { defaultQueueConfig, itemConfig } from '../../src/config/config.ts'
import { effectiveValues, mergeSettings } from '../../src/config/merge.ts'

const object = fc.dictionary(fc.string({ maxLength: 3 }), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 4 })

describe('settings', () => {
  test.each([
    ['a value of the queue beats one of the root', { a: 1 }, { a: 2 }, { a: 2 }],
    ['a value that only the root has is inherited', { a: 1 }, { b: 2 }, { a: 1, b: 2 }],
    ['objects are merged key by key', { a: { x: 1, y: 1 } }, { a: { y: 2 } }, { a: { x: 1, y: 2 } }],
    ['lists are replaced', { a: [1, 2] }, { a: [3] }, { a: [3] }],
    ['a list replaces an object', { a: { x: 1 } }, { a: [3] }, { a: [3] }],
    ['an empty object takes nothing away', { a: { x: 1 } }, { a: {} }, { a: { x: 1 } }],
  ])('%s', (_name, root, queue, merged) => {
    expect(mergeSettings(root, queue)).toEqual(merged)
  })

  it('are the same whether merged in one go or step by step', () => {
    fc.assert(
      fc.property(object, object, object, (a, b, c) => {
        expect(mergeSettings(mergeSettings(a, b), c)).toEqual(mergeSettings(a, b, c))
      }),
    )
  })

  it('never lose what the nearest said, and never change their sources', () => {
    fc.assert(
      fc.property(object, object, (weaker, stronger) => {
        const before = JSON.stringify([weaker, stronger])
        const merged = mergeSettings(weaker, stronger)
        expect(mergeSettings(merged, stronger)).toEqual(merged)
        expect(JSON.stringify([weaker, stronger])).toBe(before)
      }),
    )
  })

  it('name the layer of every value', () => {
    const values = effectiveValues({
      default: { slots: 2, retry: { limit: 0, base: '10s' }, env: {} },
      root: { retry: { limit: 3 } },
      queue: { slots: 1, env: { A: '1' } },
    })
    expect(values).toEqual([
      { key: 'slots', value: 1, from: 'queue' },
      { key: 'retry.limit', value: 3, from: 'root' },
      { key: 'retry.base', value: '10s', from: 'default' },
      { key: 'env.A', value: '1', from: 'queue' },
    ])
  })
})

describe('the policy of one item', () => {
  const config = defaultQueueConfig()
  it('is laid over that of its queue, key by key', () => {
    const own = itemConfig(config, { max_attempts: 3 })
    expect(own).toMatchObject({
      kind: 'ok',
      config: { policy: { ...config.policy, maxAttempts: 3 }, slots: config.slots },
    })
  })
  test.each([
    ['a queue for its retries', { retry: { queue: 'admin' } }, 'msg: policy: retry.queue: is no known key'],
    [
      'one by its cause',
      { retry: { causes: { timeout: { queue: 'a' } } } },
      'retry.causes.timeout.queue: is no known key',
    ],
    ['a key that is none of an item', { slots: 3 }, 'msg: policy: slots: is no known key'],
    ['a value of the wrong form', { max_attempts: 'many' }, 'msg: policy: max_attempts: must be a whole number'],
    ['no object at all', 'fast', 'msg: policy: must be an object'],
  ])('names %s', (_name, policy, problem) => {
    const own = itemConfig(config, policy)
    if (own.kind === 'ok') throw new Error('taken')
    const [found] = own.problems
    expect([found?.file, found?.key, found?.problem].filter((part) => part !== '').join(': ')).toContain(problem)
  })
})
