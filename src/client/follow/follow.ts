import type { FollowEvent } from '../../job/events.ts'
import type { QueueView } from '../../job/queue-wire.ts'
import { either } from '../abort.ts'
import type { ClientClock } from '../clock.ts'
import { SheafError } from '../errors.ts'
import type { Transport } from '../transport.ts'
import { Channel } from './channel.ts'
import type { Filter } from './filter.ts'
import type { After, FollowedJobs } from './followed.ts'
import { JobLoop } from './job-loop.ts'
import { QueueLoop, type QueueSource } from './queue-loop.ts'
import type { Source } from './reader.ts'
import { opener, type SocketConstructor } from './socket.ts'
import { Stream } from './stream.ts'

export interface FollowOptions extends Filter {
  /** The last seq that was seen, or `now`: a snapshot, and what happens from then on. Default 0: everything. */
  after?: After | undefined
  /** Ends the loop with its reason. */
  signal?: AbortSignal | undefined
}

/** Loops over what happens. Nothing is asked for before they begin. */
export interface Follow {
  /** To some jobs, each to its end. */
  jobs(jobs: FollowedJobs, options?: FollowOptions): AsyncIterableIterator<FollowEvent, undefined>
  /** To a queue, or to those that match a pattern of names. */
  queues(pattern: string, signal?: AbortSignal): AsyncIterableIterator<QueueView, undefined>
}

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
  /** Why the server would not let us follow a job, or watch queues. */
  whyRefused(job: string | undefined, signal: AbortSignal): Promise<SheafError | undefined>
  /** Asks for a queue as it stands. */
  queue(name: string): Promise<QueueView>
}

export const createFollow = (setup: FollowSetup): Follow => {
  const { buffer, closing } = setup
  const channel = openChannel(setup)
  const sourceOf = (job: string): Source => channel?.source(job) ?? new Stream(job, setup)
  const keep = () => channel?.keep() ?? (() => {})
  return {
    jobs: (jobs, { after = 0, signal, ...filter } = {}) =>
      new JobLoop(jobs, { sourceOf, keep, after, filter, most: buffer, signal: either(signal, closing) }),
    queues: (pattern, signal) => new QueueLoop(channel?.queues ?? nowhere, pattern, either(signal, closing)),
  }
}

/** One socket for everything, where one can be had; where not, a request for each loop over a job. */
const openChannel = (setup: FollowSetup): Channel | undefined => {
  const open = opener(setup.transport, setup.WebSocket)
  return open && new Channel({ ...setup, open })
}

const nowhere: QueueSource = {
  want: (loop) =>
    loop.fail(new SheafError('unsupported', 'Queues are watched over a WebSocket, and there is none here.')),
  leave: () => {},
}
