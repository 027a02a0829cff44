import type { FollowEvent } from '../../job/events.ts'
import type { ClientClock } from '../clock.ts'
import type { SheafError } from '../errors.ts'
import type { Transport } from '../transport.ts'
import { Channel } from './channel.ts'
import { Reader, type Source } from './reader.ts'
import { opener, type SocketConstructor } from './socket.ts'
import { Stream } from './stream.ts'

/** A loop over what happens to a job, after a seq, or from a snapshot on. Nothing is asked for before it begins. */
export type Follow = (
  job: string,
  after: number | undefined,
  signal?: AbortSignal,
) => AsyncIterableIterator<FollowEvent, undefined>

interface FollowSetup {
  transport: Transport
  clock: ClientClock
  heartbeatMs: number
  maxRetryMs: number
  /** How many events wait for a slow loop. */
  buffer: number
  WebSocket: SocketConstructor | undefined
  /** Ends every loop with its reason. */
  closing: AbortSignal
  /** Why the server would not let us follow a job. */
  whyRefused(job: string): Promise<SheafError | undefined>
}

export const createFollow = (setup: FollowSetup): Follow => {
  const { buffer, closing } = setup
  const sourceOf = createSources(setup)
  return (job, after, signal) => {
    const either = signal ? AbortSignal.any([signal, closing]) : closing
    return new Reader(sourceOf(job), buffer, after, either)
  }
}

/** One socket for all jobs where one can be had, a request for each loop where not. */
const createSources = (setup: FollowSetup): ((job: string) => Source) => {
  const open = opener(setup.transport, setup.WebSocket)
  if (open === undefined) return (job) => new Stream(job, setup)
  const channel = new Channel({ ...setup, open })
  return (job) => channel.source(job)
}
