/** What the machine has left, and who starts the workers. */
import type { Workers } from '../../service/workers.ts'
import { bytesText } from '../ui/format.ts'
import { Bytes, Time } from '../ui/values.tsx'

/** From so much in use on it is told in red. */
const TIGHT = 0.9

export function HostFacts({ answer: { host, supervisor, daemon } }: { readonly answer: Workers }) {
  const { load, cores, memory, disk } = host
  return (
    <dl class="host">
      {load !== null && (
        <Meter
          name="Load"
          text={`${load.toFixed(2)} on ${cores} ${cores === 1 ? 'core' : 'cores'}`}
          used={load / cores}
        />
      )}
      {memory !== null && <Room name="Memory" {...memory} />}
      {disk !== null && <Room name="Disk" {...disk.bytes} />}
      {disk !== null && disk.inodes.total > 0 && (
        <Meter
          name="Inodes"
          text={`${Math.round((100 * disk.inodes.free) / disk.inodes.total)} % free`}
          used={1 - disk.inodes.free / disk.inodes.total}
        />
      )}
      <Supervisor supervisor={supervisor} daemon={daemon} />
    </dl>
  )
}

function Supervisor({ supervisor, daemon }: Pick<Workers, 'supervisor' | 'daemon'>) {
  return (
    <div>
      <dt>Supervisor</dt>
      {supervisor === null ? (
        <dd>{daemon ? 'runs where its process is not seen' : 'none'}</dd>
      ) : (
        <dd>
          pid {supervisor.pid}, <Bytes bytes={supervisor.rss} />
          <small>
            started <Time at={supervisor.since} />
          </small>
        </dd>
      )}
    </div>
  )
}

function Room({ name, free, total }: { readonly name: string; readonly free: number; readonly total: number }) {
  return (
    <Meter name={name} text={`${bytesText(free)} of ${bytesText(total)} free`} used={1 - free / Math.max(1, total)} />
  )
}

function Meter({ name, text, used }: { readonly name: string; readonly text: string; readonly used: number }) {
  const share = Math.max(0, Math.min(1, used))
  return (
    <div>
      <dt>{name}</dt>
      <dd class={share >= TIGHT ? 'bad-text' : ''}>
        {text}
        <span class="used" aria-hidden="true">
          <i class={share >= TIGHT ? 'bad' : ''} style={{ width: `${Math.round(100 * share)}%` }} />
        </span>
      </dd>
    </div>
  )
}
