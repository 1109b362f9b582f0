import {
  appendFileSync,
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { describe, expect, it } from 'vitest'
import {
  attemptPath,
  hasStarted,
  highestNumber,
  newestAttempt,
  readAttempt,
  recordStop,
  removeAttemptFiles,
  seizeAttempt,
  stopCause,
  writeAttempt,
} from '../../src/fsqueue/attempt.ts'
import { type BytePath, names, toBytes } from '../../src/fsqueue/place.ts'
import { mkfifo, perl, raw, tempDir, tree } from './support.ts'

const SLOT = { pid: 4242, start: 99, boot: 'b00t-1d' }

function item(): { dir: string; path: BytePath } {
  const dir = tempDir()
  return { dir, path: toBytes(dir) as BytePath }
}

describe('an attempt', () => {
  it('is read as it was written', () => {
    const { path } = item()
    expect(writeAttempt(path, 1, SLOT, "RQ_X='a'")).toBe(true)
    expect(readAttempt(path, 1)).toEqual({ n: 1, exit: undefined, slot: SLOT, lines: [] })
  })
  it('whose number is taken is not written', () => {
    const { path } = item()
    writeAttempt(path, 1, SLOT, 'first')
    expect(writeAttempt(path, 1, { ...SLOT, pid: 1 }, 'second')).toBe(false)
    expect(readAttempt(path, 1)?.slot).toEqual(SLOT)
  })
  it.each(['0', '7', '75', '137', '255'])('has the exit %s that is written in place over its blanks', (exit) => {
    const { path } = item()
    writeAttempt(path, 1, SLOT, "RQ_X='a'")
    const size = readFileSync(attemptPath(path, 1)).length
    const fd = openSync(attemptPath(path, 1), 'r+')
    writeSync(fd, `#${exit.padEnd(4)}`, 0)
    closeSync(fd)
    expect(readAttempt(path, 1)).toMatchObject({ exit: Number(exit), slot: SLOT })
    expect(readFileSync(attemptPath(path, 1)).length).toBe(size)
  })
  it('has the whole lines that its handler wrote behind the values', () => {
    const { path } = item()
    writeAttempt(path, 1, SLOT, "RQ_X='#status'\nRQ_Y='b'")
    appendFileSync(attemptPath(path, 1), 'run 50% half\ndone\nfai')
    expect(readAttempt(path, 1)?.lines).toEqual([
      { kind: 'run', text: 'half', percent: 50 },
      { kind: 'done', text: '' },
    ])
  })
  it('keeps bytes that are no text among its values', () => {
    const { path } = item()
    writeAttempt(path, 1, SLOT, "RQ_X='\xff\xe9'")
    expect(readFileSync(attemptPath(path, 1), 'latin1')).toContain("RQ_X='\xff\xe9'")
  })
})

describe('an attempt file is read as one without exit and slot', () => {
  const rows: [sentence: string, make: (path: string) => void][] = [
    ['when it is empty', (path) => writeFileSync(path, '')],
    ['when it is cut in its first line', (path) => writeFileSync(path, '#1')],
    ['when it is somebody else’s', (path) => writeFileSync(path, 'hello\nworld\n')],
    ['when its exit is no number', (path) => writeFileSync(path, '#abc \nx\n')],
    ['when its exit has four digits', (path) => writeFileSync(path, '#1234\nx\n')],
    ['when it is a link', (path) => symlinkSync('/etc/hostname', path)],
    ['when it is a FIFO, which is not waited for', (path) => mkfifo(path)],
    ['when it is a directory', (path) => mkdirSync(path)],
  ]
  it.each(rows)('%s', (_sentence, make) => {
    const { path } = item()
    make(attemptPath(path, 1))
    expect(readAttempt(path, 1)).toEqual({ n: 1, exit: undefined, slot: undefined, lines: [] })
  })
  it('cut after its exit it still has that', () => {
    const { path } = item()
    writeFileSync(attemptPath(path, 1), '#7   \n# 42')
    expect(readAttempt(path, 1)).toMatchObject({ exit: 7, slot: undefined })
  })
  it('and one that is not there is none', () => {
    expect(readAttempt(item().path, 1)).toBeUndefined()
  })
})

describe('the start of an attempt', () => {
  it('belongs to whoever made its file', () => {
    const { path } = item()
    expect([hasStarted(path, 1), seizeAttempt(path, 1), seizeAttempt(path, 1), hasStarted(path, 1)]).toEqual([
      false,
      true,
      false,
      true,
    ])
  })
  it('is not made through a link', () => {
    const { dir, path } = item()
    symlinkSync(`${dir}/elsewhere`, `${dir}/started.1`)
    expect(seizeAttempt(path, 1)).toBe(false)
    expect(tree(dir)).toEqual(['started.1 (special)'])
  })
  it('has one owner among a recovery and the shell of a slot', async () => {
    const { dir, path } = item()
    const count = 1000
    const rival = perl(
      `use Fcntl; my $d = shift; for (reverse 1 .. ${count}) { print "$_\\n" if sysopen(my $f, "$d/started.$_", O_WRONLY | O_CREAT | O_EXCL) }`,
      dir,
    )
    const mine: number[] = []
    for (let n = 1; n <= count; n += 1) {
      if (seizeAttempt(path, n)) mine.push(n)
      if (n % 20 === 0) await new Promise((done) => setImmediate(done))
    }
    const theirs = (await rival).split('\n').filter(Boolean).map(Number)
    expect([...mine, ...theirs].toSorted((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, i) => i + 1))
  })
})

describe('why an attempt is stopped', () => {
  it('is what was said first', () => {
    const { path } = item()
    recordStop(path, 1, 'cancel')
    recordStop(path, 1, 'shutdown')
    expect(stopCause(path, 1)).toBe('cancel')
    expect(stopCause(path, 2)).toBeUndefined()
  })
  it('is not what nobody of us says', () => {
    const { dir, path } = item()
    writeFileSync(`${dir}/stop.1`, 'because\n')
    expect(stopCause(path, 1)).toBeUndefined()
  })
})

describe('attempt numbers', () => {
  it('are those of files of ours', () => {
    const entries = [
      'attempt.2',
      'started.3',
      'stop.9',
      'attempt.10',
      'attempt.x',
      'attempt.11.bak',
      'attempt.',
      'msg',
    ].map(raw)
    expect(newestAttempt(entries)).toBe(10)
    expect(highestNumber(entries)).toBe(10)
    expect(highestNumber([...entries, raw('stop.12')])).toBe(12)
    expect([newestAttempt([]), highestNumber([])]).toEqual([0, 0])
  })
  it('that are over are folded away with the mark of a cancel, later ones stay', () => {
    const { dir, path } = item()
    for (const name of ['attempt.1', 'started.1', 'stop.1', 'attempt.2', 'started.3', 'cancel', 'msg', 'attempt.1.bak'])
      writeFileSync(`${dir}/${name}`, '')
    removeAttemptFiles(path, 2)
    expect(names(path).toSorted()).toEqual(['attempt.1.bak', 'msg', 'started.3'])
  })
})
