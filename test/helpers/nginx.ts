/** A real nginx before a daemon, as docs/WEB.md says it is set up. */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { skipLoudly } from '../faults/mount.ts'
import { tempRoot } from './daemon.ts'
import { until } from './until.ts'

const DOCS = fileURLToPath(new URL('../../docs/WEB.md', import.meta.url))
const PROGRAM = ['/usr/sbin/nginx', '/usr/bin/nginx', '/usr/local/sbin/nginx'].find(existsSync)

/** Where everything is to be tested it must be there. */
export const lacksNginx =
  process.env['CI'] === undefined && skipLoudly('nginx', PROGRAM === undefined ? 'it is not installed' : undefined)

export interface Nginx {
  /** `http://127.0.0.1:PORT/rq` */
  readonly url: string
  readonly process: ChildProcess
  stop(): Promise<void>
}

/** Passes `/rq/` on to this port of a daemon, by the very lines that docs/WEB.md shows. */
export async function startNginx(daemonPort: number): Promise<Nginx> {
  if (PROGRAM === undefined) throw new Error('nginx is not installed: apt-get install nginx-light')
  const dir = tempRoot()
  for (const name of ['body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']) mkdirSync(join(dir, name))
  const port = await freePort()
  writeFileSync(join(dir, 'nginx.conf'), configuration(dir, port, location(daemonPort)))
  const child = spawn(PROGRAM, ['-p', dir, '-c', join(dir, 'nginx.conf'), '-e', 'stderr'], {
    cwd: dir,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  const ended = new Promise<void>((resolve) => child.on('exit', () => resolve()))
  const url = `http://127.0.0.1:${port}/rq`
  await until(
    async () => (await fetch(`${url}/healthz`)).ok,
    15_000,
    () => `nginx answers; it said:\n${said}`,
  )
  return {
    url,
    process: child,
    stop: () => {
      child.kill('SIGTERM')
      return ended
    },
  }
}

/** The lines of the document, with another port than the usual one. */
function location(daemonPort: number): string {
  const [, lines = ''] = /```nginx\n(.*?)```/s.exec(readFileSync(DOCS, 'utf8')) ?? []
  return lines.replace('http://127.0.0.1:7730', `http://127.0.0.1:${daemonPort}`)
}

function configuration(dir: string, port: number, lines: string): string {
  return `daemon off;
worker_processes 1;
pid ${dir}/nginx.pid;
error_log stderr warn;
events { worker_connections 256; }
http {
  access_log off;
  client_body_temp_path ${dir}/body;
  proxy_temp_path ${dir}/proxy;
  fastcgi_temp_path ${dir}/fastcgi;
  uwsgi_temp_path ${dir}/uwsgi;
  scgi_temp_path ${dir}/scgi;
  server {
    listen 127.0.0.1:${port};
    ${lines}
  }
}
`
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })
}
