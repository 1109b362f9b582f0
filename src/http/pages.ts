/** The pages: one document, whatever the path below it, and its assets, whose names change with what they hold. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fastifyStatic from '@fastify/static'
import type { FastifyInstance } from 'fastify'
import type { Live } from './live.ts'
import { sendRefusal } from './problem.ts'
import { callerOf } from './request.ts'
import type { ServerOptions } from './server.ts'

/** Of the bundled program. */
const WEB = join(__dirname, 'web')

export async function addPages(scope: FastifyInstance, { settings }: ServerOptions, live: Live): Promise<void> {
  const base = `${settings.prefix}/`
  const page = readFileSync(join(WEB, 'index.html'), 'utf8').replace('<base href="/" />', `<base href="${base}" />`)
  const ahead = neededFiles()
  await scope.register(fastifyStatic, {
    root: join(WEB, 'assets'),
    prefix: '/assets/',
    immutable: true,
    maxAge: '1y',
    index: false,
    preCompressed: true,
  })
  scope.get('/*', (request, reply) => {
    const path = request.url.slice(settings.prefix.length)
    if (path.startsWith('/api/')) return sendRefusal(reply, 'not-found', `there is no ${path.split('?')[0]}`)
    const word = path.split(/[/?]/)[1] ?? ''
    // The others ask for something else first, and that need not wait for a look at all queues.
    if (word === '' && callerOf(request) !== undefined) live.expect()
    const links = ahead.get(word) ?? ''
    const shown = page.replace('</head>', `${links}</head>`)
    return reply.type('text/html; charset=utf-8').header('cache-control', 'no-cache').send(shown)
  })
}

/** Pages whose address is not their name. */
const MODULES: Readonly<Record<string, string>> = { '': 'overview', queues: 'queue', items: 'item' }

interface Chunk {
  readonly file: string
  readonly imports?: readonly string[]
  readonly css?: readonly string[]
}

/** By the first word of a page's path, `link`s of what it is made of: fetched with the frame of the pages, and not after it. */
function neededFiles(): ReadonlyMap<string, string> {
  const chunks = new Map(
    Object.entries(JSON.parse(readFileSync(join(WEB, 'manifest.json'), 'utf8')) as object as Record<string, Chunk>),
  )
  const words = [...chunks.keys()].flatMap((key) => /^pages\/([\w-]+)\.tsx$/.exec(key)?.[1] ?? [])
  const links = words.map((word) => [word, linksOf(chunks, `pages/${word}.tsx`)] as const)
  const byModule = new Map(links)
  return new Map([
    ...links,
    ...Object.entries(MODULES).map(([at, module]) => [at, byModule.get(module) ?? ''] as const),
  ])
}

function linksOf(chunks: ReadonlyMap<string, Chunk>, key: string): string {
  const needed = new Set<string>()
  const walk = (one: string) => {
    if (needed.has(one)) return
    needed.add(one)
    for (const next of chunks.get(one)?.imports ?? []) walk(next)
  }
  walk(key)
  return [...needed]
    .filter((one) => one !== 'index.html')
    .flatMap((one) => chunks.get(one) ?? [])
    .flatMap(({ file, css = [] }) => [
      `<link rel="modulepreload" crossorigin href="./${file}" />`,
      ...css.map((sheet) => `<link rel="preload" as="style" crossorigin href="./${sheet}" />`),
    ])
    .join('')
}
