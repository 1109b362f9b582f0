/** What only one may do at a time, of all processes, under the name of a file. */
import { closeSync } from 'node:fs'
import { removeFile } from '../fsqueue/files.ts'
import type { BytePath } from '../fsqueue/place.ts'
import { tryLock } from '../os/lock.ts'

const BETWEEN_TRIES = 50

/** Runs `act` while nobody else does under this lock's name; 'busy' after so many tries, 50 ms apart. */
export function withLock<T>(lock: BytePath, tries: number, act: () => Promise<T> | T): Promise<T | 'busy'> {
  const path = Buffer.from(lock, 'latin1').toString()
  return inTurn(path, (tries - 1) * BETWEEN_TRIES, () => locked(lock, path, tries, act))
}

/** When the last of this process who wants that lock is done. */
const turns = new Map<string, Promise<void>>()

/**
 * Asking the kernel costs a process each time: among ourselves we wait without it, in the order in which we came. Who
 * has waited so long, milliseconds, gives up his turn.
 */
async function inTurn<T>(path: string, patience: number, act: () => Promise<T | 'busy'>): Promise<T | 'busy'> {
  const before = turns.get(path)
  let end: () => void = () => undefined
  const done = new Promise<void>((resolve) => {
    end = resolve
  })
  const mine = (before ?? Promise.resolve()).then(() => done)
  turns.set(path, mine)
  try {
    const hasCome = before === undefined || (await comesWithin(before, patience))
    return hasCome ? await act() : 'busy'
  } finally {
    end()
    if (turns.get(path) === mine) turns.delete(path)
  }
}

async function comesWithin(turn: Promise<void>, patience: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), patience)
  })
  const hasCome = await Promise.race([turn.then(() => true), late])
  clearTimeout(timer)
  return hasCome
}

async function locked<T>(lock: BytePath, path: string, tries: number, act: () => Promise<T> | T): Promise<T | 'busy'> {
  const fd = await lockPatiently(path, tries)
  if (fd === undefined) return 'busy'
  try {
    return await act()
  } finally {
    // Whatever the disk says: a lock that is not given back keeps all others out as long as this process lives.
    try {
      removeFile(lock)
    } finally {
      closeSync(fd)
    }
  }
}

async function lockPatiently(path: string, most: number): Promise<number | undefined> {
  for (let tries = 1; ; tries += 1) {
    const fd = tryLock(path)
    if (fd !== undefined || tries >= most) return fd
    await new Promise((resolve) => setTimeout(resolve, BETWEEN_TRIES))
  }
}
