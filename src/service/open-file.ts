/** Files of an item, opened for whoever sends them on: by descriptor, so that they stay the same while the item moves. */
import { closeSync, fstatSync } from 'node:fs'
import type { RawName } from '../domain/name.ts'
import { formOf, openLog, openWithin, payloadsOf } from '../fsqueue/content.ts'
import { attachments } from '../fsqueue/message.ts'
import { place, stateDir } from '../fsqueue/place.ts'
import { type Answer, isProblem, ok, type Problem, problem } from './answer.ts'
import type { Context } from './context.ts'
import { callName, spell } from './item-ref.ts'
import { type Found, finder, pathOf } from './lookup.ts'
import { type Attempted, insist } from './relocate.ts'
import { bytesOf } from './values.ts'

export interface OpenFile {
  readonly queue: string
  readonly id: string
  /** Percent-encoded where it is no plain text. */
  readonly name: string
  /** The caller closes it. */
  readonly fd: number
  /** Bytes, when it was opened: a log may grow. */
  readonly size: number
  /** Milliseconds since 1970. */
  readonly mtime: number
}

/** An attachment, by its name or as that is spelt; the payload of a plain file; without a name the only one there is. */
export async function openAttachment(context: Context, ref: string, name?: string): Promise<Answer<OpenFile>> {
  return openOf(context, ref, (item) => openPayload(item, name))
}

/** What the handler wrote to stdout and stderr: the only file of `job/` that is anybody else's business. */
export async function openItemLog(context: Context, ref: string): Promise<Answer<OpenFile>> {
  return openOf(context, ref, (item) => {
    const isDirectory = formOf(pathOf(item), item.at.raw) === 'directory'
    const fd = isDirectory ? openLog(pathOf(item)) : undefined
    return fd === undefined
      ? missing(item, problem('failed', `${callName(item.at.raw)} has no log`))
      : opened(item, 'stdio.log', fd)
  })
}

async function openOf(
  context: Context,
  ref: string,
  open: (item: Found) => Attempted<OpenFile>,
): Promise<Answer<OpenFile>> {
  const item = await finder(context.root)(ref)
  const file = 'kind' in item ? item : await insist(item, open)
  return isProblem(file) ? { value: undefined, problems: [file] } : ok(file)
}

function openPayload(item: Found, wanted: string | undefined): Attempted<OpenFile> {
  const path = pathOf(item)
  const form = formOf(path, item.at.raw)
  if (form === undefined) return 'gone'
  const called = callName(item.at.raw)
  const attached = form === 'directory' ? attachments(path) : undefined
  if (attached?.kind === 'refused') return missing(item, problem('failed', `${called}: ${attached.why}`))
  const payloads = payloadsOf(path, item.at.raw, form)
  const chosen = payloads.filter(({ name }) => wanted === undefined || isNamed(name, wanted))
  const [only, another] = chosen
  if (only === undefined)
    return missing(
      item,
      wanted === undefined
        ? problem('failed', `${called} has no files`)
        : problem('not-found', `${called} has no file "${wanted}"${listed(payloads)}`),
    )
  if (another !== undefined) return problem('usage', `${called} has several files${listed(payloads)}: say which`)
  const fd = form === 'file' ? openWithin(directoryOf(item), item.at.raw) : openWithin(path, 'attach', only.name)
  return fd === undefined
    ? missing(item, problem('failed', `${called} has no such file`))
    : opened(item, spell(only.name), fd)
}

/** Bytes before spelling: a name that looks like another one's spelling is meant itself. */
function isNamed(name: RawName, wanted: string): boolean {
  return name === (bytesOf(wanted) as string) || spell(name) === wanted
}

function listed(payloads: readonly { readonly name: RawName }[]): string {
  return payloads.length === 0
    ? ''
    : ` (${payloads
        .slice(0, 10)
        .map(({ name }) => spell(name))
        .join(', ')})`
}

function directoryOf({ queue, at }: Found) {
  return at.bucket === undefined ? stateDir(queue.dir, at.state) : place(queue.dir, at.state, at.bucket)
}

/** It may have moved on while we looked. */
function missing(item: Found, trouble: Problem): Attempted<never> {
  return formOf(pathOf(item), item.at.raw) === undefined ? 'gone' : trouble
}

function opened(item: Found, name: string, fd: number): OpenFile {
  try {
    const { size, mtimeMs } = fstatSync(fd)
    return { queue: item.queue.name, id: callName(item.at.raw), name, fd, size, mtime: mtimeMs }
  } catch (error) {
    closeSync(fd)
    throw error
  }
}
