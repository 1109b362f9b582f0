/** An alert to a program: JSON on its stdin, its words split at blanks, no shell. It stands in the queue's directory. */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { type Delivery, type Order, TIMEOUT_MS } from './delivery.ts'

export function runCommand({ id, alert, to, queuePath }: Order): Promise<Delivery> {
  const [program = '', ...args] = to.slice('exec:'.length).trim().split(/\s+/)
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      cwd: existsSync(queuePath) ? queuePath : '/',
      stdio: ['pipe', 'inherit', 'inherit'],
      timeout: TIMEOUT_MS,
      killSignal: 'SIGKILL',
    })
    child.on('error', (error) => resolve({ kind: 'later', why: `${program}: ${error.message}` }))
    child.on('exit', (code, signal) => resolve(judge(program, code, signal)))
    // It may end without reading: its exit says what came of it.
    child.stdin?.on('error', () => undefined).end(`${JSON.stringify({ id, ...alert })}\n`)
  })
}

function judge(program: string, code: number | null, signal: NodeJS.Signals | null): Delivery {
  if (code === 0) return { kind: 'sent', text: `told ${program}` }
  const why = `${program}: ${code === null ? `ended by ${signal}` : `exit ${code}`}`
  return code === 65 || code === 100 ? { kind: 'refused', why } : { kind: 'later', why }
}
