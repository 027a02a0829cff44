import type { FollowEvent } from '../../job/events.ts'
import { type Backoff, backoffDelay, type ClientClock, delay } from '../clock.ts'
import { SheafError } from '../errors.ts'
import { isFinal, refusalOf } from '../problem.ts'
import { segmentOf } from '../segment.ts'
import type { Transport } from '../transport.ts'
import { union } from './filter.ts'
import type { Reader, Source } from './reader.ts'
import { readSse } from './sse.ts'

interface StreamOptions {
  transport: Transport
  clock: ClientClock
  /** The server breaks its silence every 15 s; after two such intervals the connection counts as dead. */
  heartbeatMs: number
  maxRetryMs: number
}

const pace: Backoff = { delayMs: 200, maxDelayMs: 10_000 }

/** What happens to one job, over Server-Sent Events: for where no WebSocket can be had. One request for each reader. */
export class Stream implements Source {
  #abort: AbortController | undefined

  constructor(
    readonly job: string,
    readonly options: StreamOptions,
  ) {}

  want(reader: Reader): void {
    this.#abort = new AbortController()
    void this.#keep(reader, this.#abort.signal)
  }

  pause(): void {
    this.#abort?.abort()
  }

  leave(): void {
    this.#abort?.abort()
  }

  /** Reads on, through lost connections, until it is aborted. */
  async #keep(reader: Reader, signal: AbortSignal): Promise<void> {
    const { clock, maxRetryMs } = this.options
    let failures = 0
    let heardAt = clock.now()
    for (;;) {
      try {
        for await (const event of this.#read(reader, signal)) {
          failures = 0
          heardAt = clock.now()
          if (event && !signal.aborted) reader.put(event)
        }
      } catch (error) {
        if (isFinal(error)) return reader.fail(error)
      }
      if (signal.aborted) return
      failures += 1
      const wait = backoffDelay(pace, failures, clock)
      if (clock.now() + wait - heardAt > maxRetryMs)
        return reader.fail(
          new SheafError('unreachable', `The job could not be followed for ${maxRetryMs} ms.`),
        )
      await delay(wait, clock, signal).catch(() => {})
      if (signal.aborted) return
    }
  }

  /** One connection. Undefined stands for a sign of life. Rejects with a {@link SheafError} if the server refuses. */
  async *#read(reader: Reader, signal: AbortSignal): AsyncGenerator<FollowEvent | undefined> {
    const { transport, clock, heartbeatMs } = this.options
    const dead = new AbortController()
    const either = AbortSignal.any([signal, dead.signal])
    const watch = () => clock.after(2 * heartbeatMs, () => dead.abort())
    let unwatch = watch()
    try {
      const path = `/jobs/${segmentOf(this.job)}/events${queryOf(reader)}`
      const response = await transport.fetch(path, { signal: either })
      // The job is over, and this reader has seen all of it.
      if (response.status === 204) return reader.finish()
      if (!response.ok || !response.body) throw await refusalOf(response)
      for await (const data of readSse(response.body, either)) {
        unwatch()
        unwatch = watch()
        // What comes from the server is what its types say.
        yield data === undefined ? undefined : (JSON.parse(data) as FollowEvent)
      }
    } finally {
      unwatch()
    }
  }
}

const queryOf = ({ position, filter }: Reader): string => {
  const { states, keys, output } = union([filter])
  const query = new URLSearchParams()
  const set = (name: string, value: unknown) => value !== undefined && query.set(name, String(value))
  set('after', position.seen)
  set('states', states)
  // What the server is not asked to leave out, the reader leaves out.
  if (!keys?.some((key) => key.includes(','))) set('keys', keys)
  set('output', output)
  const text = String(query)
  return text && `?${text}`
}
