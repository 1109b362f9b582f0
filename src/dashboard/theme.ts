/** Dark, light, or as the system says; kept in this browser. */
import { effect, signal } from '@preact/signals'

const THEMES = ['system', 'dark', 'light'] as const
type Theme = (typeof THEMES)[number]

const KEY = 'rqd-theme'

export const theme = signal<Theme>(THEMES.find((one) => one === localStorage.getItem(KEY)) ?? 'system')

effect(() => {
  localStorage.setItem(KEY, theme.value)
  if (theme.value === 'system') delete document.documentElement.dataset['theme']
  else document.documentElement.dataset['theme'] = theme.value
})

export function nextTheme(): void {
  theme.value = THEMES[(THEMES.indexOf(theme.value) + 1) % THEMES.length] ?? 'system'
}
