import { chownSync, linkSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { freshJob, LOG_NAME } from '../../src/fsqueue/job.ts'
import { type BytePath, toBytes } from '../../src/fsqueue/place.ts'
import { AS_ROOT, mkfifo, tempDir, tree } from './support.ts'

function item(files: Readonly<Record<string, string>> = {}): { dir: string; fresh: (n: number) => string[] } {
  const dir = tempDir()
  for (const [name, data] of Object.entries(files)) {
    mkdirSync(`${dir}/${name.split('/')[0]}`, { recursive: true })
    writeFileSync(`${dir}/${name}`, data)
  }
  return {
    dir,
    fresh: (n) => {
      freshJob(toBytes(dir) as BytePath, n)
      return tree(dir)
    },
  }
}

describe('a fresh job', () => {
  it('is an empty directory', () => {
    expect(item().fresh(1)).toEqual(['job/'])
  })
  it('keeps the log of the attempts before, and sets their files aside', () => {
    const { fresh } = item({ [`job/${LOG_NAME}`]: 'log', 'job/out': 'x' })
    expect(fresh(2)).toEqual(['job.1/', 'job.1/out=x', 'job/', `job/${LOG_NAME}=log`])
  })
  it('keeps no directory that held the log only', () => {
    expect(item({ [`job/${LOG_NAME}`]: 'log' }).fresh(2)).toEqual(['job/', `job/${LOG_NAME}=log`])
  })
  it('keeps the log over many attempts', () => {
    const { dir, fresh } = item({ [`job/${LOG_NAME}`]: 'log', 'job/out': '1' })
    fresh(2)
    writeFileSync(`${dir}/job/out`, '2')
    expect(fresh(3)).toEqual(['job.1/', 'job.1/out=1', 'job.2/', 'job.2/out=2', 'job/', `job/${LOG_NAME}=log`])
  })
  it('takes another name when that of the old one is taken', () => {
    const { fresh } = item({ 'job/out': 'new', 'job.1/x': 'old' })
    expect(fresh(2)).toEqual(['job.1-1/', 'job.1-1/out=new', 'job.1/', 'job.1/x=old', 'job/'])
  })
})

describe('a job that was dropped with the item is set aside', () => {
  it('with its log', () => {
    const { fresh } = item({ [`job/${LOG_NAME}`]: 'not ours' })
    expect(fresh(1)).toEqual(['job.0/', `job.0/${LOG_NAME}=not ours`, 'job/'])
  })
  it('when it is a file', () => {
    const { dir, fresh } = item()
    writeFileSync(`${dir}/job`, 'x')
    expect(fresh(1)).toEqual(['job.0=x', 'job/'])
  })
  it('when it is a link, and what the link leads to stays as it is', () => {
    const { dir, fresh } = item({ [`target/${LOG_NAME}`]: 'other' })
    symlinkSync('target', `${dir}/job`)
    expect(fresh(2)).toEqual(['job.1 (special)', 'job/', 'target/', `target/${LOG_NAME}=other`])
  })
  it('when it is a FIFO', () => {
    const { dir, fresh } = item()
    mkfifo(`${dir}/job`)
    expect(fresh(1)).toEqual(['job.0 (special)', 'job/'])
  })
})

describe('a log is not taken over', () => {
  it('when it is a link: it would be appended to', () => {
    const { dir, fresh } = item({ 'job/out': '' })
    writeFileSync(`${dir}/secret`, 'secret')
    symlinkSync('../secret', `${dir}/job/${LOG_NAME}`)
    expect(fresh(2)).toContain(`job.1/${LOG_NAME} (special)`)
    expect(readFileSync(`${dir}/secret`, 'utf8')).toBe('secret')
  })
  it('when it is a hard link of another file', () => {
    const { dir, fresh } = item({ 'job/out': '' })
    writeFileSync(`${dir}/secret`, 'secret')
    linkSync(`${dir}/secret`, `${dir}/job/${LOG_NAME}`)
    expect(fresh(2)).toContain(`job.1/${LOG_NAME}=secret`)
  })
  it.runIf(AS_ROOT)('when it is another user’s', () => {
    const { dir, fresh } = item({ [`job/${LOG_NAME}`]: 'theirs' })
    chownSync(`${dir}/job/${LOG_NAME}`, 12_345, 12_345)
    expect(fresh(2)).toContain(`job.1/${LOG_NAME}=theirs`)
  })
})
