import { orAbort } from './abort.ts'
import { type Backoff, backoffDelay, type ClientClock, delay } from './clock.ts'
import { SheafError } from './errors.ts'
import { isObject, refusal, strange } from './problem.ts'

/** What Eden makes of a response; without `response` when there was none. */
export interface Answer {
  data: unknown
  error: { value: unknown } | null
  response?: Response
}

export interface AskOptions {
  signal?: AbortSignal | undefined
  /** Whether the request may be sent again although it may have been received. Default true. */
  repeatable?: boolean
}

/** Asks the server, again if need be, for what it has to say. Throws a {@link SheafError}, or the signal's reason. */
export type Ask = <A extends Answer>(send: Send<A>, options?: AskOptions) => Promise<NonNullable<A['data']>>

/** Sends the request once; to be given to Eden as `fetch`, `init` cuts it off when nobody waits for it any more. */
type Send<A extends Answer> = (init: RequestInit) => Promise<A>

interface Setup {
  clock: ClientClock
  /** For how long a request is sent again, in milliseconds. */
  retryMs: number
  /** Says whom the answer was expected from. */
  shown(): string
}

const pace: Backoff = { delayMs: 200, maxDelayMs: 5_000 }

export const createAsk =
  ({ clock, retryMs, shown }: Setup): Ask =>
  async (send, { signal, repeatable = true } = {}) => {
    const until = clock.now() + retryMs
    const init: RequestInit = signal ? { signal } : {}
    for (let failures = 1; ; failures += 1) {
      signal?.throwIfAborted()
      const outcome = await orAbort(
        attempt(() => send(init), shown),
        signal,
      )
      if ('data' in outcome) return outcome.data
      const wait = Math.max(outcome.afterMs, backoffDelay(pace, failures, clock))
      const again = outcome.trouble === 'busy' || (outcome.trouble === 'lost' && repeatable)
      if (!again || clock.now() + wait > until) throw outcome.error
      await delay(wait, clock, signal)
    }
  }

interface Failed {
  error: SheafError
  /** The server is not ready, it may or may not have got the request, or it has refused. */
  trouble: 'busy' | 'lost' | 'refused'
  /** How long it wants to be left alone. */
  afterMs: number
}

const attempt = async <A extends Answer>(
  send: () => Promise<A>,
  shown: () => string,
): Promise<{ data: NonNullable<A['data']> } | Failed> => {
  let answer: A
  try {
    answer = await send()
  } catch (cause) {
    // The connection broke in the middle of the answer.
    return lost(shown(), cause)
  }
  const { data, error, response } = answer
  if (response === undefined) return lost(shown(), error?.value)
  // What broke in the middle of a success is told as an error, too.
  if (error !== null) return response.ok ? lost(shown(), error.value) : refused(response, error.value)
  if (isObject(data)) return { data }
  // What Eden makes of no content is an empty text, of the type that the route has.
  if (response.status === 204) return { data: data as NonNullable<A['data']> }
  return { error: strange(response), trouble: 'refused', afterMs: 0 }
}

const lost = (from: string, cause: unknown): Failed => ({
  error: new SheafError('unreachable', `No answer from ${from}${reasonOf(cause)}.`, { cause }),
  trouble: 'lost',
  afterMs: 0,
})

const reasonOf = (cause: unknown) => (cause instanceof Error && cause.message ? `: ${cause.message}` : '')

const refused = (response: Response, value: unknown): Failed => ({
  error: refusal(response, value),
  trouble: troubles[response.status] ?? 'refused',
  afterMs: Number(response.headers.get('retry-after')) * 1_000 || 0,
})

/** A 429 or a 503 is Sheaf's or a proxy's word that nothing was done; after the others of a proxy, nobody knows. */
const troubles: Record<number, Failed['trouble']> = { 429: 'busy', 502: 'lost', 503: 'busy', 504: 'lost' }
