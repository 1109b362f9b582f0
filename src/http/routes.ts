/** What the API offers: each verb, under which method and path, and for whom. Total: a verb without a route does not compile. */
import type { VerbName } from '../service/registry.ts'
import type { Role } from './roles.ts'

export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Below /api/v1. `:queue/:id` stands for one item, and becomes the verb's argument `id`. */
  readonly path: string
  readonly role: Role
  /** What the path says already. */
  readonly fixed?: Readonly<Record<string, unknown>>
  /** Answered by a handler of its own: bytes instead of a value, or a body that is no JSON. */
  readonly own?: true
}

const get = (path: string, role: Role = 'viewer'): Route => ({ method: 'GET', path, role })
const post = (path: string, role: Role = 'operator', fixed?: Route['fixed']): Route => ({
  ...{ method: 'POST', path, role },
  ...(fixed === undefined ? {} : { fixed }),
})
/** On one item, and on all that match. */
const onItems = (verb: string, role: Role = 'operator'): readonly Route[] => [
  post(`/items/:queue/:id/${verb}`, role),
  post(`/bulk/${verb}`, role),
]

export const ROUTES = {
  create: [post('/queues', 'admin')],
  prep: [post('/queues/:queue/drafts')],
  attach: [
    { method: 'PUT', path: '/items/:queue/:id/attach/:name', role: 'operator', own: true },
    { method: 'DELETE', path: '/items/:queue/:id/attach/:name', role: 'operator', own: true },
  ],
  commit: [post('/items/:queue/:id/commit')],
  clone: onItems('clone'),
  cat: [
    { method: 'GET', path: '/items/:queue/:id/attach/:name', role: 'viewer', own: true },
    { method: 'GET', path: '/items/:queue/:id/payload', role: 'viewer', own: true },
  ],
  inject: [{ method: 'POST', path: '/queues/:queue/items', role: 'operator', own: true }],
  queues: [get('/queues')],
  stats: [get('/stats')],
  top: [get('/top')],
  workers: [get('/workers')],
  qshape: [get('/qshape')],
  causes: [get('/causes')],
  graph: [get('/graph')],
  // What follows has no end, and an answer has one: as a stream it follows (events.ts).
  events: [{ ...get('/events'), fixed: { follow: false } }],
  metrics: [get('/metrics')],
  health: [get('/health')],
  config: [get('/queues/:queue/config'), { ...get('/config/schema'), fixed: { schema: true } }],
  // Who chooses the handler chooses what the daemon runs.
  configure: [{ method: 'PATCH', path: '/queues/:queue/config', role: 'admin' }],
  form: [get('/queues/:queue/form')],
  ls: [get('/items')],
  show: [get('/items/:queue/:id')],
  peek: [get('/queues/:queue/peek')],
  why: [get('/items/:queue/:id/why')],
  log: [{ method: 'GET', path: '/items/:queue/:id/log', role: 'viewer', own: true }],
  wait: [get('/items/:queue/:id/wait')],
  result: [{ method: 'GET', path: '/items/:queue/:id/result', role: 'viewer', own: true }],
  retry: onItems('retry'),
  rm: [{ method: 'DELETE', path: '/items/:queue/:id', role: 'operator' }, post('/bulk/rm')],
  undo: [post('/undo')],
  trash: [get('/trash'), post('/trash/empty', 'admin', { empty: true })],
  hold: onItems('hold'),
  release: onItems('release'),
  kill: onItems('kill'),
  edit: [{ method: 'PATCH', path: '/items/:queue/:id', role: 'operator' }, post('/bulk/edit')],
  move: onItems('move'),
  pause: [post('/queues/:queue/pause'), post('/pause', 'operator', { all: true })],
  resume: [post('/queues/:queue/resume'), post('/resume', 'operator', { all: true })],
  down: [post('/queues/:queue/down')],
  up: [post('/queues/:queue/up')],
  restart: [post('/queues/:queue/restart', 'admin')],
  clean: [post('/queues/:queue/clean', 'admin'), post('/clean', 'admin')],
  schedule: [
    { ...get('/schedules'), fixed: { action: 'ls' } },
    post('/schedules/:queue/:name/run', 'operator', { action: 'run' }),
    post('/schedules/:queue/:name/pause', 'operator', { action: 'pause' }),
    post('/schedules/:queue/:name/resume', 'operator', { action: 'resume' }),
  ],
  alerts: [get('/alerts')],
  audit: [get('/audit', 'admin')],
  'new-id': [get('/new-id')],
} as const satisfies Record<VerbName, readonly Route[]>

/** Verbs of many items answer with a list; the path of one item, with that one. */
export function isOfOneItem({ path }: Route): boolean {
  return path.startsWith('/items/:queue/:id')
}
