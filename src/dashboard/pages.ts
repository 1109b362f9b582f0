/** Which page shows which path. Each is loaded when it is first shown. */
import type { ComponentType } from 'preact'
import type { Query } from './api.ts'

export interface PageProps {
  /** Of the path, what follows the page's own word. */
  readonly rest: readonly string[]
}

export interface Page {
  /** The first part of its path; '' for the first page. */
  readonly at: string
  /** In the menu; undefined: it is reached from others. */
  readonly title: string | undefined
  /** Under "More" in the menu. */
  readonly isMore?: true
  /** The second key after `g`. */
  readonly key: string | undefined
  readonly load: () => Promise<ComponentType<PageProps>>
  /** What it asks for first, exactly so: the answer is on its way while the page itself is loaded. */
  readonly asks?: (rest: readonly string[]) => readonly (readonly [path: string, query: Query])[]
}

export const PAGES: readonly Page[] = [
  { at: '', title: 'Overview', key: 'q', load: async () => (await import('./pages/overview.tsx')).Overview },
  { at: 'upcoming', title: 'Upcoming', key: 'u', load: async () => (await import('./pages/upcoming.tsx')).Upcoming },
  { at: 'workers', title: 'Workers', key: 'w', load: async () => (await import('./pages/workers.tsx')).Workers },
  { at: 'failed', title: 'Failed', key: 'f', load: async () => (await import('./pages/failed.tsx')).Failed },
  {
    ...{ at: 'schedules', title: 'Schedules', key: 's' },
    load: async () => (await import('./pages/schedules.tsx')).Schedules,
  },
  {
    ...{ at: 'search', title: 'Search', key: '/', isMore: true },
    load: async () => (await import('./pages/search.tsx')).Search,
  },
  {
    ...{ at: 'alerts', title: 'Alerts', key: 'a', isMore: true },
    load: async () => (await import('./pages/alerts.tsx')).Alerts,
  },
  {
    ...{ at: 'graph', title: 'Graph', key: 'm', isMore: true },
    load: async () => (await import('./pages/graph.tsx')).Graph,
  },
  {
    ...{ at: 'trash', title: 'Trash', key: 't', isMore: true },
    load: async () => (await import('./pages/trash.tsx')).Trash,
  },
  {
    ...{ at: 'audit', title: 'Audit', key: 'l', isMore: true },
    load: async () => (await import('./pages/audit.tsx')).Audit,
  },
  { at: 'items', title: undefined, key: undefined, load: async () => (await import('./pages/item.tsx')).Item },
  {
    ...{ at: 'queues', title: undefined, key: undefined },
    load: async () => (await import('./pages/queue.tsx')).Queue,
    asks: ([queue = '']) => [['/top', { queue }]],
  },
]

export function pageAt([at = '']: readonly string[]): Page | undefined {
  return PAGES.find((one) => one.at === at)
}

export const loaded = new Map<Page, ComponentType<PageProps>>()

export async function loadPage(page: Page): Promise<void> {
  if (!loaded.has(page)) loaded.set(page, await page.load())
}
