/** A query in one line: it proposes what could follow, remembers, and says under it what is wrong. */
import type { TargetedInputEvent } from 'preact'
import { useEffect, useId, useRef, useState } from 'preact/hooks'
import { useKeys } from '../keys.ts'
import { type Completion, complete, type Known, type Proposal } from './complete.ts'
import { remember, remembered } from './filter-history.ts'

interface Props {
  readonly value: string
  readonly onChange: (value: string) => void
  /** What the server says of the query, in words. */
  readonly problem?: string | undefined
  readonly known: Known
  /** Under which it is remembered. */
  readonly name: string
  readonly placeholder?: string
}

/** After the last letter, until the list follows. Milliseconds. */
const PAUSE = 350

export function FilterBox({ value, onChange, problem, known, name, placeholder }: Props) {
  const box = useRef<HTMLInputElement>(null)
  const id = useId()
  const draft = useDraft(value, onChange, name)
  const list = useProposals(draft.text, known, name, box)
  useKeys([{ keys: '/', says: 'filter', run: () => box.current?.select() }])
  const take = (chosen: Proposal) => {
    const { text, caret } = list.put(chosen)
    draft.set(text)
    requestAnimationFrame(() => box.current?.setSelectionRange(caret, caret))
  }
  return (
    <search class="filter">
      <input
        ref={box}
        type="text"
        role="combobox"
        aria-label="Filter"
        aria-expanded={list.isOpen}
        aria-controls={`${id}-list`}
        aria-autocomplete="list"
        aria-activedescendant={list.isOpen && list.at >= 0 ? `${id}-${list.at}` : undefined}
        aria-invalid={problem !== undefined}
        aria-describedby={`${id}-problem`}
        placeholder={placeholder ?? 'Filter: tag:eu  age>1h  exit:1  text:"timeout"'}
        autocomplete="off"
        autocapitalize="off"
        spellcheck={false}
        value={draft.text}
        {...handlersFor(list, draft, take)}
      />
      <Proposals id={id} list={list} onTake={take} />
      <p class="filter-problem" id={`${id}-problem`} role={problem === undefined ? undefined : 'alert'}>
        {problem}
      </p>
    </search>
  )
}

type List = ReturnType<typeof useProposals>

type Draft = ReturnType<typeof useDraft>

function handlersFor(list: List, draft: Draft, take: (chosen: Proposal) => void) {
  return {
    onInput: (event: TargetedInputEvent<HTMLInputElement>) => {
      draft.set(event.currentTarget.value)
      list.open()
    },
    onFocus: list.open,
    onClick: list.open,
    onBlur: () => {
      list.close()
      draft.commit()
    },
    onKeyDown: (event: KeyboardEvent) => pressed(event, list, take, draft.commit),
  }
}

function pressed(event: KeyboardEvent, list: List, take: (chosen: Proposal) => void, commit: () => void): void {
  const chosen = list.proposals[list.at]
  if (event.key === 'ArrowDown' || event.key === 'ArrowUp') list.step(event.key === 'ArrowDown' ? 1 : -1)
  else if (event.key === 'Escape' && list.isOpen) list.close()
  else if ((event.key === 'Enter' || event.key === 'Tab') && list.isOpen && chosen !== undefined) take(chosen)
  else if (event.key === 'Enter') {
    list.close()
    commit()
  } else return
  event.preventDefault()
  if (event.key === 'Escape') event.stopPropagation()
}

interface ProposalsProps {
  readonly id: string
  readonly list: List
  readonly onTake: (chosen: Proposal) => void
}

/** The field keeps the focus: its keys choose. */
function Proposals({ id, list, onTake }: ProposalsProps) {
  return (
    <div class="sheet proposals" role="listbox" id={`${id}-list`} aria-label="Proposals" hidden={!list.isOpen}>
      {list.proposals.map((one, n) => (
        <div
          key={one.text}
          id={`${id}-${n}`}
          role="option"
          aria-selected={n === list.at}
          tabIndex={-1}
          onPointerDown={(event) => {
            event.preventDefault()
            onTake(one)
          }}
        >
          <code>{one.text}</code>
          <span class="hint">{one.says}</span>
        </div>
      ))}
    </div>
  )
}

/** What is typed is asked for after a pause; what the link says comes first when it changes. */
function useDraft(value: string, onChange: (value: string) => void, name: string) {
  const [text, setText] = useState(value)
  const said = useRef(value)
  useEffect(() => {
    if (value !== said.current) setText(value)
    said.current = value
  }, [value])
  const commit = () => {
    if (text.trim() !== '') remember(name, text.trim())
    if (text.trim() === said.current.trim()) return
    said.current = text.trim()
    onChange(text.trim())
  }
  // Each letter begins the pause anew.
  useEffect(() => {
    if (text.trim() === said.current.trim()) return undefined
    const timer = setTimeout(() => {
      said.current = text.trim()
      onChange(text.trim())
    }, PAUSE)
    return () => clearTimeout(timer)
  }, [text])
  return { text, set: setText, commit }
}

function useProposals(text: string, known: Known, name: string, box: { current: HTMLInputElement | null }) {
  const [isWanted, setWanted] = useState(false)
  const [at, setAt] = useState(-1)
  const caret = box.current?.selectionStart ?? text.length
  const found: Completion = isWanted ? complete(text, caret, known) : { from: 0, to: 0, proposals: [] }
  const past = isWanted && text === '' ? remembered(name) : []
  const proposals = past.length > 0 ? past.map((one) => ({ text: one, says: 'asked before' })) : found.proposals
  const isOpen = isWanted && proposals.length > 0
  return {
    proposals,
    isOpen,
    at: Math.min(at, proposals.length - 1),
    open: () => {
      setWanted(true)
      setAt(-1)
    },
    close: () => setWanted(false),
    step: (by: number) => {
      setWanted(true)
      setAt(proposals.length === 0 ? -1 : (at + by + proposals.length + (at < 0 && by < 0 ? 1 : 0)) % proposals.length)
    },
    put: (chosen: Proposal) => {
      const isWhole = past.length > 0
      const before = isWhole ? '' : text.slice(0, found.from)
      const after = isWhole ? '' : text.slice(found.to)
      const goesOn = /[:=]$/.test(chosen.text)
      const put = goesOn || after.startsWith(' ') ? chosen.text : `${chosen.text} `
      setAt(-1)
      if (!goesOn) setWanted(false)
      return { text: `${before}${put}${after}`, caret: before.length + put.length }
    },
  }
}
