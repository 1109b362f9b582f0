// Makes a root as a busy year leaves it: `node make-forest.mjs ROOT [QUEUES [EACH [BIG]]]`. QUEUES queues (1,000) with EACH (100)
// waiting and EACH done items, and one named `big` with BIG (1,000,000) of both. Messages are links to a few files:
// a million items cost names and directories, not blocks. No daemon is needed, and none may run meanwhile.
import { linkSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const LINKS_PER_INODE = 60_000
const DIGITS = '0123456789abcdefghijklmnopqrstuvwxyz'
const DONE_PER_MINUTE = 1_000

const [root, queues = '1000', each = '100', big = '1000000'] = process.argv.slice(2)
if (root === undefined) throw new Error('make-forest ROOT [QUEUES [EACH [BIG]]]')

let made = 0
let source = ''
/** Another name of a message. */
function message(path) {
  if (made % LINKS_PER_INODE === 0) {
    source = path
    writeFileSync(path, JSON.stringify({ param1: 'x', params: { user: made }, attempts: [{ n: 1, exit: 0 }] }), {
      mode: 0o600,
    })
  } else linkSync(source, path)
  made += 1
}

const born = Date.now() - 86_400_000
function id(n) {
  const stamp = new Date(born + Math.floor(n / 10)).toISOString().replace(/[-:]/g, '').slice(0, 19)
  let spread = (n * 2_654_435_761) % 2_176_782_336
  let random = ''
  for (let i = 0; i < 6; i += 1, spread = Math.floor(spread / 36)) random += DIGITS[spread % 36]
  return `${stamp}${String((n % 10) * 100).padStart(3, '0')}-${random}`
}

function bucket(n) {
  const iso = new Date(born - Math.floor(n / DONE_PER_MINUTE) * 60_000).toISOString()
  return [iso.slice(0, 10).replaceAll('-', ''), iso.slice(11, 16).replace(':', '')]
}

/** Every hundredth has a tag, every thousandth a better priority: something to look for. */
function suffix(n) {
  return `${n % 1000 === 7 ? ',p1' : ''}${n % 100 === 3 ? ',+rare' : ''}`
}

let serial = 0
function nextId() {
  serial += 1
  return id(serial)
}

function fill(queue, count) {
  for (const dir of ['prep', 'que', 'run', 'pause', 'done', 'relayed', '_err', '_tmp'])
    mkdirSync(join(queue, dir), { recursive: true })
  writeFileSync(join(queue, 'handler'), '#!/bin/sh\nexit 0\n', { mode: 0o700 })
  for (let n = 0; n < count; n += 1) message(`${queue}/que/${nextId()}.msg${suffix(n)}`)
  let last = ''
  for (let n = 0; n < count; n += 1) {
    const [day, minute] = bucket(n)
    const dir = `${queue}/done/${day}/${minute}`
    if (dir !== last) mkdirSync(dir, { recursive: true })
    last = dir
    const item = `${dir}/${nextId()}`
    mkdirSync(item)
    message(`${item}/msg`)
  }
}

mkdirSync(join(root, 'queue'), { recursive: true, mode: 0o700 })
writeFileSync(join(root, '_format'), '1\n')
for (let n = 0; n < Number(queues); n += 1) fill(join(root, 'queue', `q${String(n).padStart(4, '0')}`), Number(each))
if (Number(big) > 0) fill(join(root, 'queue', 'big'), Number(big))
