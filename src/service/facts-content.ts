/** Looking through what items hold: their files, and the logs of their handlers. */
import { closeSync, fstatSync, readSync } from 'node:fs'
import { anyText, matchText, type TextTest } from '../domain/query.ts'
import { openLog } from '../fsqueue/content.ts'
import { unlessDenied } from '../fsqueue/errors.ts'
import { readRegular } from '../fsqueue/files.ts'
import { type BytePath, look } from '../fsqueue/place.ts'
import { bytesOf } from './values.ts'

/** So much of a file is read to find something in it. */
export const CONTENT_LIMIT = 1024 * 1024

/** Whole files are compared byte for byte, but for one newline at their end; else the first part is looked through. */
export function fileMatches(path: BytePath, test: TextTest): boolean | undefined {
  const size = look(path)?.size
  if (size === undefined) return undefined
  if (test.kind === 'exact') {
    const wanted = bytesOf(test.text)
    if (size !== wanted.length && size !== wanted.length + 1) return false
  }
  const reading = unlessDenied(() => readRegular(path, CONTENT_LIMIT, 'cut', 'latin1'), undefined)
  if (reading?.kind !== 'text') return undefined
  return found(reading.text, size > CONTENT_LIMIT, test)
}

function found(bytes: string, isCut: boolean, test: TextTest): boolean | undefined {
  switch (test.kind) {
    case 'exact': {
      const wanted = bytesOf(test.text)
      return isCut ? undefined : bytes === wanted || bytes === `${wanted}\n`
    }
    case 'part':
      return bytes.includes(bytesOf(test.text)) || unknownIf(isCut)
    case 'pattern': {
      const answer = matchText(test, Buffer.from(bytes, 'latin1').toString())
      return answer === false ? unknownIf(isCut) : answer
    }
  }
}

function unknownIf(isCut: boolean): false | undefined {
  return isCut ? undefined : false
}

/** The end of it: that is where what went wrong stands. */
export function logMatches(item: BytePath, test: TextTest): boolean | undefined {
  const fd = unlessDenied(() => openLog(item), 'denied')
  if (fd === 'denied') return undefined
  if (fd === undefined) return false
  try {
    const { size } = fstatSync(fd)
    const buffer = Buffer.alloc(Math.min(size, CONTENT_LIMIT))
    const length = readSync(fd, buffer, 0, buffer.length, size - buffer.length)
    return anyText([buffer.toString('utf8', 0, length)], test)
  } finally {
    closeSync(fd)
  }
}
