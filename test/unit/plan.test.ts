import { describe, expect, test } from 'vitest'
import type { QueueName } from '../../src/domain/name.ts'
import { type PlanLimits, plan, restartDelay, type WantedQueue, type Worker } from '../../src/domain/plan.ts'

const NOW = 1_000_000
const NEVER = Number.POSITIVE_INFINITY
const LIMITS: PlanLimits = { warmWorkers: 2, startAtOnce: 10 }

function queue(name: string, more: Partial<WantedQueue> = {}): WantedQueue {
  return { name: name as QueueName, inode: `i-${name}`, hasWork: false, nextDue: NEVER, ...more }
}

function worker(name: string, idleSince?: number, state: 'starting' | 'running' = 'running'): Worker {
  return { state, name: name as QueueName, inode: `i-${name}`, idleSince }
}

function waiting(name: string, until: number): Worker {
  return { state: 'waiting', name: name as QueueName, inode: `i-${name}`, until }
}

function restarting(name: string): Worker {
  return { state: 'restarting', name: name as QueueName, inode: `i-${name}` }
}

/** `start a`, `stop b gone`, … */
function said(queues: WantedQueue[], workers: Worker[], limits = LIMITS): string[] {
  return plan(queues, workers, limits, NOW).map((action) => {
    return `${action.do} ${action.name}${action.do === 'stop' ? ` ${action.why}` : ''}`
  })
}

describe('what is started', () => {
  test.each<[string, WantedQueue[], Worker[], string[]]>([
    ['nothing for nothing', [], [], []],
    ['a new queue, while there is room', [queue('a')], [], ['start a']],
    ['no more idle ones than may stay warm', [queue('a'), queue('b'), queue('c')], [], ['start a', 'start b']],
    [
      'every queue with work',
      ['a', 'b', 'c'].map((name) => queue(name, { hasWork: true })),
      [],
      ['start a', 'start b', 'start c'],
    ],
    ['work before warmth', [queue('a'), queue('b'), queue('c', { hasWork: true })], [], ['start c', 'start a']],
    [
      'what is due',
      [queue('a', { nextDue: NOW }), queue('b', { nextDue: NOW + 1 })],
      [worker('x'), worker('y')],
      ['stop x gone', 'stop y gone', 'start a'],
    ],
    ['nothing that has a worker', [queue('a', { hasWork: true })], [worker('a')], []],
    ['nothing before its delay is over', [queue('a', { hasWork: true })], [waiting('a', NOW + 1)], []],
    [
      'one that was asked for at once, idle or not',
      [queue('a'), queue('b')],
      [worker('b', 1), restarting('a')],
      ['start a'],
    ],
    [
      'it before work, and it counts as warm',
      [queue('a'), queue('b'), queue('c', { hasWork: true })],
      [restarting('b')],
      ['start b', 'start c'],
    ],
    ['a crashed one after its delay', [queue('a', { hasWork: true })], [waiting('a', NOW)], ['start a']],
  ])('%s', (_, queues, workers, expected) => expect(said(queues, workers)).toEqual(expected))

  test('a few at a time', () => {
    const queues = ['a', 'b', 'c'].map((name) => queue(name, { hasWork: true }))
    const limits = { warmWorkers: 9, startAtOnce: 2 }
    expect(said(queues, [], limits)).toEqual(['start a', 'start b'])
    expect(said(queues, [worker('a', undefined, 'starting'), worker('b', undefined, 'starting')], limits)).toEqual([])
    expect(said(queues, [worker('a'), worker('b', undefined, 'starting')], limits)).toEqual(['start c'])
  })
})

describe('what is stopped', () => {
  test.each<[string, WantedQueue[], Worker[], string[]]>([
    ['a worker whose queue is gone', [], [worker('a')], ['stop a gone']],
    ['a worker whose queue has another name now', [queue('b', { inode: 'i-a' })], [worker('a')], ['stop a gone']],
    ['nothing twice', [], [{ state: 'stopping', name: 'a' as QueueName, inode: 'i-a' }], []],
    ['one that waits for a queue that is gone is forgotten', [], [waiting('a', NOW + 9)], ['forget a']],
    [
      'the longest idle of too many',
      [queue('a'), queue('b'), queue('c')],
      [worker('a', 30), worker('b', 10), worker('c', 20)],
      ['stop b retire'],
    ],
    ['nobody who works', [queue('a'), queue('b'), queue('c')], [worker('a'), worker('b'), worker('c')], []],
  ])('%s', (_, queues, workers, expected) => expect(said(queues, workers)).toEqual(expected))
})

test('restarts: 0.1 s, doubling to 30 s, give or take a quarter', () => {
  const middle = [1, 2, 3, 9, 10, 1000].map((failures) => restartDelay(failures, 0.5))
  expect(middle).toEqual([100, 200, 400, 25_600, 30_000, 30_000])
  expect(restartDelay(1, 0)).toBe(75)
  expect(restartDelay(1000, 1)).toBe(37_500)
})
