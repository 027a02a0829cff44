import { type Backoff, backoffDelay, type ClientClock, delay } from './clock.ts'
import { SheafError } from './errors.ts'
import type { Result } from './job.ts'
import { readLines } from './lines.ts'
import { refusalOf, strange } from './problem.ts'
import { segmentOf } from './segment.ts'
import type { Transport } from './transport.ts'

/** A result as it comes: its `index` says which task it is of, and so of which type; its `seq`, where to go on. */
export type Completed<Outputs extends readonly unknown[]> = number extends Outputs['length']
  ? Result<Outputs[number]> & { seq: number }
  : { [I in IndexOf<Outputs>]: Result<Outputs[I]> & { index: ToNumber<I>; seq: number } }[IndexOf<Outputs>]

type IndexOf<Outputs extends readonly unknown[]> = keyof Outputs & `${number}`
type ToNumber<Index extends string> = Index extends `${infer N extends number}` ? N : never

/** Loops over the results of a job. Nothing is asked for before they begin. */
export type Completions = (
  job: string,
  after: number,
  signal?: AbortSignal,
) => AsyncGenerator<Completed<unknown[]>, undefined>

interface Setup {
  transport: Transport
  clock: ClientClock
  /** The server breaks its silence every 15 s; after two such intervals the connection counts as dead. */
  heartbeatMs: number
  maxRetryMs: number
  /** Ends every loop with its reason. */
  closing: AbortSignal
}

const accept = 'application/x-ndjson'
const pace: Backoff = { delayMs: 200, maxDelayMs: 10_000 }

/** Read from a request for each loop, as fast as the loop takes them; when the connection is lost, from where it was. */
export const createCompletions = (setup: Setup): Completions =>
  async function* (job, after, given): AsyncGenerator<Completed<unknown[]>, undefined> {
    const { clock, maxRetryMs, closing } = setup
    const signal = given ? AbortSignal.any([given, closing]) : closing
    let seen = after
    let failures = 0
    let heardAt = clock.now()
    for (;;) {
      try {
        signal.throwIfAborted()
        for await (const line of await open(setup, { job, after: seen, signal })) {
          if (line.trim() !== '') {
            // What comes from the server is what its types say.
            const result = JSON.parse(line) as Completed<unknown[]>
            seen = result.seq
            yield result
          }
          failures = 0
          // Not before: a loop may take its time.
          heardAt = clock.now()
        }
        return
      } catch (error) {
        signal.throwIfAborted()
        if (error instanceof SheafError && error.status !== undefined && error.status < 500) throw error
      }
      failures += 1
      const wait = backoffDelay(pace, failures, clock)
      if (clock.now() + wait - heardAt > maxRetryMs)
        throw new SheafError('unreachable', `The results could not be read for ${maxRetryMs} ms.`)
      await delay(wait, clock, signal)
    }
  }

interface Place {
  job: string
  after: number
  signal: AbortSignal
}

/** One connection. Rejects with a {@link SheafError} if the server refuses. */
const open = async (
  { transport, clock, heartbeatMs }: Setup,
  { job, after, signal }: Place,
): Promise<AsyncGenerator<string>> => {
  const silence = { clock, mostMs: 2 * heartbeatMs }
  const path = `/jobs/${segmentOf(job)}/results?order=completion&after=${after}`
  const dead = new AbortController()
  // Until something has ended, the server may have said nothing.
  const cancel = clock.after(silence.mostMs, () => dead.abort())
  try {
    const either = AbortSignal.any([signal, dead.signal])
    const response = await transport.fetch(path, { headers: { accept }, signal: either })
    if (!response.ok || !response.body) throw await refusalOf(response)
    if (response.headers.get('content-type') !== accept) throw strange(response)
    return readLines(response.body, signal, silence)
  } finally {
    cancel()
  }
}
