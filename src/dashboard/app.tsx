/** The frame around every page. */
import { useEffect, useState } from 'preact/hooks'
import { useKeys } from './keys.ts'
import { now } from './live.ts'
import { loaded, loadPage, PAGES, pageAt } from './pages.ts'
import { go, link, path } from './router.ts'
import { session } from './session.ts'
import { SignIn } from './sign-in.tsx'
import { KeyList } from './ui/key-list.tsx'
import { Palette } from './ui/palette.tsx'
import { Toasts } from './ui/toasts.tsx'
import { TopBar } from './ui/top-bar.tsx'

export function App() {
  switch (session.value.kind) {
    case 'asking':
      return null
    case 'out':
      return <SignIn />
    case 'in':
      return <Frame />
  }
}

type Window = 'keys' | 'palette'

function Frame() {
  const [open, setOpen] = useState<Window>()
  const close = () => setOpen(undefined)
  useKeys(
    [
      { keys: '?', says: 'list the keys', run: () => setOpen('keys') },
      { keys: 'Ctrl-k', says: 'go to a queue, a page or an item', run: () => setOpen('palette') },
      { keys: '/', says: 'go to a queue, a page or an item', run: () => setOpen('palette') },
      ...PAGES.flatMap(({ at, title, key }) =>
        key === undefined || title === undefined
          ? []
          : [{ keys: `g ${key}`, says: `go to ${title}`, run: () => go(link([at])) }],
      ),
    ],
    'frame',
  )
  return (
    <>
      <a class="skip" href="#main">
        Skip to the page
      </a>
      <TopBar onKeys={() => setOpen('keys')} onPalette={() => setOpen('palette')} />
      <main id="main">
        <State />
        <Shown />
      </main>
      {open === 'keys' && <KeyList onClose={close} />}
      {open === 'palette' && <Palette onClose={close} />}
      <Toasts />
    </>
  )
}

/** What is so for all queues, and what it means. */
function State() {
  const { value } = now
  if (value === undefined) return null
  return (
    <>
      {!value.daemon && (
        <p class="notice bad" role="alert">
          No daemon runs on {value.root}: nothing is started until <code>rqd start</code>.
        </p>
      )}
      {value.paused && (
        <p class="notice warn" role="status">
          Everything is paused: what runs is finished, and nothing new is started.
        </p>
      )}
    </>
  )
}

function Shown() {
  const [, ...rest] = path.value
  const page = pageAt(path.value)
  const Component = page === undefined ? undefined : loaded.get(page)
  const [, redraw] = useState(0)
  useEffect(() => {
    // It may have come since it was looked for.
    if (page !== undefined && Component === undefined) void loadPage(page).then(() => redraw((count) => count + 1))
  }, [page])
  if (page === undefined)
    return (
      <p class="empty">
        There is no such page. <a href={link([])}>All queues</a>
      </p>
    )
  return Component === undefined ? null : <Component rest={rest} />
}
