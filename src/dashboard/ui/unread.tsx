/** What is wrong with an answer: there is none, or it is without something that could not be read. */
import { countText } from './format.ts'

interface Props {
  readonly problem?: string | undefined
  readonly unread: readonly string[]
}

/** So many are said in words. */
const SAID = 3

export function Unread({ problem, unread }: Props) {
  const more = unread.length - SAID
  return (
    <>
      {problem !== undefined && (
        <p class="notice bad" role="alert">
          {problem}
        </p>
      )}
      {unread.length > 0 && (
        <p class="hint warn-text" role="status">
          Some could not be read: {unread.slice(0, SAID).join('; ')}
          {more > 0 && `; and ${countText(more)} more`}
        </p>
      )}
    </>
  )
}
