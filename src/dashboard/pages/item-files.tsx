/** The files of an item, and its result. What is shown is a picture, or text; never a page. */
import { useEffect, useState } from 'preact/hooks'
import type { Shown } from '../../service/show.ts'
import { apiUrl, get, itemPath, wordsOf } from '../api.ts'
import { JsonView } from '../ui/json-view.tsx'
import { Bytes } from '../ui/values.tsx'

/** So much of a file is shown. */
const SHOWN_BYTES = 64 * 1024

export function Files({ item }: { readonly item: Shown }) {
  return (
    <>
      {item.payloads.length > 0 && (
        <section class="panel files" aria-label="Files">
          <h2>{item.form === 'file' ? 'File' : 'Attachments'}</h2>
          <ul>
            {item.payloads.map(({ name, size }) => (
              <File key={name} item={item} name={name} size={size} />
            ))}
          </ul>
        </section>
      )}
      {item.has_result && <Result item={item} />}
    </>
  )
}

interface FileProps {
  readonly item: Shown
  readonly name: string
  readonly size: number
}

function File({ item, name, size }: FileProps) {
  const [isShown, setShown] = useState(false)
  const path = itemPath(item.queue, item.id ?? item.name)
  const url = apiUrl(item.form === 'file' ? `${path}/payload` : `${path}/attach/${encodeURIComponent(name)}`)
  return (
    <li>
      <div class="bar">
        <span class="grow mono file-name">{name}</span>
        <Bytes bytes={size} />
        <button type="button" class="small" aria-expanded={isShown} onClick={() => setShown(!isShown)}>
          {isShown ? 'Hide' : 'Show'}
          <span class="unseen"> {name}</span>
        </button>
        <a class="button small" href={url} download={name}>
          Download<span class="unseen"> {name}</span>
        </a>
      </div>
      {isShown &&
        (/\.(?:png|jpe?g|gif|webp)$/i.test(name) ? (
          <img class="preview" src={url} alt={name} />
        ) : (
          <TextPreview url={url} size={size} />
        ))}
    </li>
  )
}

function TextPreview({ url, size }: { readonly url: string; readonly size: number }) {
  const [text, setText] = useState<string>()
  useEffect(() => {
    const stop = new AbortController()
    const headers = size > SHOWN_BYTES ? { range: `bytes=0-${SHOWN_BYTES - 1}` } : undefined
    fetch(url, { signal: stop.signal, ...(headers === undefined ? {} : { headers }) })
      .then((response) => response.text())
      .then(setText, (error: unknown) => !stop.signal.aborted && setText(wordsOf(error)))
    return () => stop.abort()
  }, [url, size])
  if (text === undefined) return <p class="hint">Reading…</p>
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keys */}
      <section class="preview mono" tabIndex={0} aria-label="What it holds">
        {text.replace(/[\u0000-\u0008\u000b-\u001f\u007f]/g, (c) =>
          String.fromCharCode(0x2400 + (c.charCodeAt(0) % 33)),
        )}
      </section>
      {size > SHOWN_BYTES && <p class="hint">The first 64 KiB of it.</p>}
    </>
  )
}

function Result({ item }: { readonly item: Shown }) {
  const [value, setValue] = useState<{ readonly json?: unknown; readonly problem?: string }>()
  const path = `${itemPath(item.queue, item.id ?? item.name)}/result`
  useEffect(() => {
    get<unknown>(path).then(
      (json) => setValue({ json }),
      (error: unknown) => setValue({ problem: wordsOf(error) }),
    )
  }, [path, item.finished])
  return (
    <section class="panel" aria-label="Result">
      <div class="bar">
        <h2 class="grow">Result</h2>
        <a class="button small" href={apiUrl(path)} download={`${item.id ?? 'item'}.json`}>
          Download<span class="unseen"> the result</span>
        </a>
      </div>
      {value?.problem !== undefined && <p class="notice bad">{value.problem}</p>}
      {value !== undefined && value.problem === undefined && <JsonView value={value.json} />}
    </section>
  )
}
