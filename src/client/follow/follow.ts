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
import { type Selection, SelectionLoop } from './selection-loop.ts'
import { opener, type SocketConstructor } from './socket.ts'
import { Stream } from './stream.ts'
import type { WhyRefused } from './why.ts'

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
  /** To the jobs of a selection, without an end. */
  selection(selection: Selection, options?: FollowOptions): AsyncIterableIterator<FollowEvent, undefined>
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
  whyRefused: WhyRefused
  /** Asks for a queue as it stands. */
  queue(name: string): Promise<QueueView>
}

export const createFollow = (setup: FollowSetup): Follow => {
  const { buffer, closing } = setup
  const open = opener(setup.transport, setup.WebSocket)
  const line = open && { ...setup, open }
  // One socket for everything, where one can be had; where not, a request for each loop over a job.
  const channel = line && new Channel(line)
  const sourceOf = (job: string): Source => channel?.source(job) ?? new Stream(job, setup)
  const keep = () => channel?.keep() ?? (() => {})
  return {
    jobs: (jobs, { after = 0, signal, ...filter } = {}) =>
      new JobLoop(jobs, { sourceOf, keep, after, filter, most: buffer, signal: either(signal, closing) }),
    selection: (selection, { signal, after: _, ...filter } = {}) =>
      new SelectionLoop({ selection, line, filter, most: buffer, signal: either(signal, closing) }),
    queues: (pattern, signal) => new QueueLoop(channel?.queues ?? nowhere, pattern, either(signal, closing)),
  }
}

const nowhere: QueueSource = {
  want: (loop) =>
    loop.fail(new SheafError('unsupported', 'Queues are watched over a WebSocket, and there is none here.')),
  leave: () => {},
}
