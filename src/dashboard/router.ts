/** Where the page is: the path and the query string, both part of the link that one sends to a colleague. */
import { computed, signal } from '@preact/signals'
import { BASE } from './api.ts'

const place = signal(here())

function here(): URL {
  return new URL(location.href)
}

/** Below the base, decoded: `/queues/mail` is `['queues', 'mail']`. */
export const path = computed(() =>
  place.value.pathname
    .slice(BASE.length)
    .split('/')
    .filter((part) => part !== '')
    .map(decode),
)

export const query = computed(() => place.value.searchParams)

function decode(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch (error) {
    if (!(error instanceof URIError)) throw error
    // A link that somebody cut in the middle of a character.
    return part
  }
}

/** A link to a page: parts of its path, and what follows the `?`. */
export function link(parts: readonly string[], given: Readonly<Record<string, string | undefined>> = {}): string {
  const search = new URLSearchParams(
    Object.entries(given).filter((pair): pair is [string, string] => pair[1] !== undefined && pair[1] !== ''),
  )
  return `${BASE}${parts.map(encodeURIComponent).join('/')}${search.size === 0 ? '' : `?${search}`}`
}

export function go(href: string, how: 'push' | 'replace' = 'push'): void {
  if (how === 'push') history.pushState(null, '', href)
  else history.replaceState(null, '', href)
  place.value = here()
  if (how === 'push') scrollTo(0, 0)
}

/** Changes what follows the `?` of this page; what is undefined or empty goes. */
export function setQuery(
  changes: Readonly<Record<string, string | undefined>>,
  how: 'push' | 'replace' = 'replace',
): void {
  go(withQuery(changes), how)
}

/** The link to this page with some of what follows the `?` changed. */
export function withQuery(changes: Readonly<Record<string, string | undefined>>): string {
  const url = new URL(place.value)
  for (const [key, value] of Object.entries(changes)) {
    if (value === undefined || value === '') url.searchParams.delete(key)
    else url.searchParams.set(key, value)
  }
  return url.href
}

/** Links of ours lead to pages without a load; everything else is the browser's. */
export function followLinks(): void {
  addEventListener('popstate', () => {
    place.value = here()
  })
  addEventListener('click', (event) => {
    if (
      event.defaultPrevented ||
      event.button !== 0 ||
      event.metaKey ||
      event.ctrlKey ||
      event.shiftKey ||
      event.altKey
    )
      return
    const anchor = event.target instanceof Element ? event.target.closest('a[href]') : null
    if (!(anchor instanceof HTMLAnchorElement) || anchor.target !== '' || anchor.hasAttribute('download')) return
    if (anchor.origin !== location.origin || !anchor.pathname.startsWith(BASE)) return
    if (anchor.pathname.startsWith(`${BASE}api/`)) return
    event.preventDefault()
    if (anchor.href !== location.href) go(anchor.href)
  })
}
