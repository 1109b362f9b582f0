/** Filters that were asked before, in this browser, the last first. */

const MOST = 10

export function remembered(name: string): readonly string[] {
  const kept = localStorage.getItem(keyOf(name))
  return kept === null ? [] : kept.split('\n').filter((one) => one !== '')
}

export function remember(name: string, query: string): void {
  const kept = [query, ...remembered(name).filter((one) => one !== query)].slice(0, MOST)
  localStorage.setItem(keyOf(name), kept.join('\n'))
}

function keyOf(name: string): string {
  return `rqd-filters-${name}`
}
