/** An alert as JSON, posted. No redirect is followed: what is told goes to whom it was meant for. */
import { type Delivery, messageOf, type Order, TIMEOUT_MS } from './delivery.ts'

export async function postHook({ id, alert, to }: Order): Promise<Delivery> {
  try {
    const answer = await fetch(to, {
      method: 'POST',
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
      headers: { 'Content-Type': 'application/json', 'Idempotency-Key': id, 'User-Agent': 'rqd' },
      body: JSON.stringify({ id, ...alert }),
    })
    await answer.body?.cancel()
    return judge(answer.status, answer.headers.get('location'))
  } catch (error) {
    const cause = error instanceof Error && error.cause !== undefined ? `: ${messageOf(error.cause)}` : ''
    return { kind: 'later', why: `${messageOf(error)}${cause}` }
  }
}

function judge(status: number, location: string | null): Delivery {
  if (status >= 200 && status < 300) return { kind: 'sent', text: `posted, answered with ${status}` }
  const why = `answered with ${status}`
  if (status >= 300 && status < 400)
    return { kind: 'refused', why: `${why}: it is at ${location ?? 'another place'}; name that in alerts.to` }
  // Too early, too many, too slow: the others of 4xx say that we are wrong.
  const mayPass = status >= 500 || [408, 425, 429].includes(status)
  return mayPass ? { kind: 'later', why } : { kind: 'refused', why }
}
