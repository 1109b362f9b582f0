/** The pages: one document that asks the API, and follows what the server pushes. */
import { render } from 'preact'
import { App } from './app.tsx'
import { askAhead } from './fetched.ts'
import { listenToKeys } from './keys.ts'
import { watch } from './live.ts'
import { loadPage, pageAt } from './pages.ts'
import { followLinks, path } from './router.ts'
import { askWhoWeAre } from './session.ts'
import './style.css'

followLinks()
listenToKeys()
// All that the first page needs is on its way before it is known who asks: nothing of it waits for another.
void askWhoWeAre()
watch()
const page = pageAt(path.value)
if (page !== undefined) {
  void loadPage(page)
  for (const [of, asked] of page.asks?.(path.value.slice(1)) ?? []) askAhead(of, asked)
}
const place = document.getElementById('app')
if (place !== null) render(<App />, place)
