/** The menu, whether it is live, and what concerns all queues. */
import { connection } from '../live.ts'
import { PAGES, type Page } from '../pages.ts'
import { link, path } from '../router.ts'
import { session, signOut } from '../session.ts'
import { nextTheme, theme } from '../theme.ts'
import { Menu } from './menu.tsx'
import { PauseAll } from './pause-all.tsx'

const CONNECTION = {
  connecting: ['connecting', 'The server is asked'],
  live: ['live', 'What you see is pushed as it happens'],
  lost: ['not connected', 'The server does not answer; it is tried again'],
  hidden: ['asleep', 'Nothing is asked for while nobody looks'],
} as const

interface Props {
  readonly onKeys: () => void
  readonly onPalette: () => void
}

export function TopBar({ onKeys, onPalette }: Props) {
  const [word, says] = CONNECTION[connection.value]
  return (
    <header class="top">
      <div class="only-narrow">
        <Menu label="Pages" button="☰" class="nav-sheet left">
          <PageLinks of={[...USUAL, ...MORE]} />
        </Menu>
      </div>
      <nav aria-label="Pages">
        <a class="brand" href={link([])}>
          rqd
        </a>
        <PageLinks of={USUAL} />
      </nav>
      {MORE.length > 0 && (
        <div class="only-wide">
          <Menu label="More" button={<>More ▾</>} class="nav-sheet left more-pages">
            <PageLinks of={MORE} />
          </Menu>
        </div>
      )}
      <button type="button" class="palette-opener" title="Go to… (Ctrl-K)" onClick={onPalette}>
        <i aria-hidden="true">⌕</i> <span>Go to…</span> <kbd>Ctrl K</kbd>
      </button>
      <span class={`connection ${connection.value}`} role="status" title={says}>
        {word}
      </span>
      <PauseAll />
      <UserMenu onKeys={onKeys} />
    </header>
  )
}

const NAMED = PAGES.filter(({ title }) => title !== undefined)
const USUAL = NAMED.filter(({ isMore }) => isMore !== true)
const MORE = NAMED.filter(({ isMore }) => isMore === true)

function PageLinks({ of }: { readonly of: readonly Page[] }) {
  const [at = ''] = path.value
  const here = at === 'queues' ? '' : at
  return (
    <>
      {of.map((page) => (
        <a key={page.at} href={link([page.at])} aria-current={page.at === here ? 'page' : undefined}>
          {page.title}
        </a>
      ))}
    </>
  )
}

function UserMenu({ onKeys }: { readonly onKeys: () => void }) {
  const { value } = session
  const caller = value.kind === 'in' ? value.caller : undefined
  return (
    <Menu label={`Signed in as ${caller?.name}`} button={<span aria-hidden="true">◐ {caller?.name}</span>}>
      <div class="who">
        {caller?.name}, {caller?.role}
      </div>
      <button type="button" onClick={nextTheme}>
        Colours: {theme.value}
      </button>
      <button type="button" onClick={onKeys}>
        Keys <kbd>?</kbd>
      </button>
      <button type="button" onClick={() => void signOut()}>
        Sign out
      </button>
    </Menu>
  )
}
