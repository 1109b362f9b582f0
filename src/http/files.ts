/** Bytes of items: attachments, logs, results. By range (RFC 9110 §14), and never as anything a browser would run. */
import { closeSync, createReadStream } from 'node:fs'
import { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import parseRange from 'range-parser'
import type { OpenFile } from '../service/open-file.ts'

/** Of these a browser shows a picture in the page; everything else is bytes or text. SVG can hold programs. */
const PICTURES: Readonly<Record<string, string>> = {
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  gif: 'image/gif',
  webp: 'image/webp',
}

/** What a downloaded file may do in a browser: nothing. */
const SANDBOX = "default-src 'none'; sandbox; frame-ancestors 'none'"

export function sendFile(
  request: FastifyRequest,
  reply: FastifyReply,
  { fd, size, mtime, name }: OpenFile,
  as: 'file' | 'log',
): FastifyReply {
  reply.headers({
    'content-security-policy': SANDBOX,
    'accept-ranges': 'bytes',
    'last-modified': new Date(mtime).toUTCString(),
    'cache-control': 'no-store',
    'content-type': as === 'log' ? 'text/plain; charset=utf-8' : typeOf(name),
  })
  if (as === 'file') reply.header('content-disposition', dispositionOf(name, PICTURES[endOf(name)] !== undefined))
  const wanted = request.headers.range
  const ranges = wanted === undefined || isWhole(wanted, size) ? undefined : parseRange(size, wanted, { combine: true })
  if (ranges === -1) {
    createReadStream('', { fd }).destroy()
    return reply.code(416).header('content-range', `bytes */${size}`).send()
  }
  // More than one range, or none that can be read: all of it, as the standard allows.
  const range =
    ranges === undefined || ranges === -2 || ranges.type !== 'bytes' || ranges.length !== 1 ? undefined : ranges[0]
  const { start, end } = range ?? { start: 0, end: size - 1 }
  if (range !== undefined) reply.code(206).header('content-range', `bytes ${start}-${end}/${size}`)
  reply.header('content-length', end - start + 1)
  // Nobody reads a file to the end for its head; and what was empty may have grown, which would be no part of the answer.
  if (request.method === 'HEAD' || end < start) {
    closeSync(fd)
    return reply.send(Readable.from([]))
  }
  // What grows meanwhile is cut where it was measured.
  return reply.send(createReadStream('', { fd, start, end }))
}

/** The last bytes of what has no more than so many (RFC 9110 §14.1.2). */
function isWhole(range: string, size: number): boolean {
  const [, last] = /^bytes=-(\d{1,15})$/.exec(range) ?? []
  return last !== undefined && Number(last) > 0 && Number(last) >= size
}

function typeOf(name: string): string {
  return PICTURES[endOf(name)] ?? 'application/octet-stream'
}

function endOf(name: string): string {
  return /\.([a-z]+)$/i.exec(name)?.[1]?.toLowerCase() ?? ''
}

/** RFC 6266: the name in ASCII for old programs, and percent-encoded for the others. */
function dispositionOf(name: string, isShown: boolean): string {
  const ascii = name.replace(/[^\x20-\x7e]|["\\%]/g, '_')
  const exact = encodeURIComponent(name).replace(/['()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
  return `${isShown ? 'inline' : 'attachment'}; filename="${ascii}"; filename*=UTF-8''${exact}`
}
