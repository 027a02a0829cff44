import { systemClock } from '../clock.ts'
import type { Mode } from '../job/modes.ts'
import { either, never } from './abort.ts'
import { type Api, createApi } from './api.ts'
import { type Ask, createAsk } from './ask.ts'
import { Behind } from './behind.ts'
import type { ClientClock } from './clock.ts'
import { createCompletions } from './completed.ts'
import { SheafError } from './errors.ts'
import { createFollow } from './follow/follow.ts'
import { isJobs } from './follow/followed.ts'
import type { SocketConstructor } from './follow/socket.ts'
import { allOf, allSettledOf, anyOf, type Decided, raceOf } from './gather.ts'
import { Job, type Tools } from './job.ts'
import { createQueues } from './queues.ts'
import { createSchedules } from './schedules.ts'
import { segmentOf } from './segment.ts'
import type { GatherOptions, Sheaf } from './sheaf.ts'
import { isStream, submitStream } from './stream.ts'
import { submit, submitWritten, writeTasks } from './submit.ts'
import type { Target } from './target.ts'
import type { Each, Task } from './task.ts'
import type { Token } from './token.ts'
import { createTransport, type Fetch } from './transport.ts'

import { createWebhooks } from './webhooks.ts'

export interface ConnectOptions {
  /**
   * The secret of one of the server's tokens; or a function that is asked for it when it is first needed, whenever the channel is
   * opened, and when the server does not take it any more, never twice at a time. What it throws counts as a server that is not reached.
   */
  token?: Token
  /** For how long a request is sent again while the server is not reached or not ready. Default 30,000 ms. */
  retryMs?: number
  /** For how long a lost channel is tried to be won back, in ms. Default: for ever. */
  maxRetryMs?: number
  /** After so long a silence the channel is checked; after twice as long it is opened anew. Default 15,000 ms. */
  heartbeatMs?: number
  /** How many events wait for a slow loop before the server is asked to hold on. Default 64. */
  buffer?: number
  /** Takes the place of the global one. */
  fetch?: Fetch
  /** Takes the place of the global one. Where there is none (Node 20), jobs are followed over Server-Sent Events. */
  WebSocket?: SocketConstructor
  clock?: ClientClock
}

/**
 * A client of the server at this URL (`http://localhost:3000`, with a path if Sheaf has one), or of an Elysia app in
 * this process, which need not listen. A server that moves is found by a function: it is asked for the URL when that is first
 * needed, and again whenever the server is not reached. Throws a TypeError if the target is none of these. Nothing is asked of
 * the server yet.
 */
export const connect = (target: Target, options: ConnectOptions = {}): Sheaf => {
  const {
    clock = systemClock,
    retryMs = 30_000,
    maxRetryMs = Infinity,
    heartbeatMs = 15_000,
    buffer = 64,
  } = options
  const transport = createTransport(target, options)
  const api = createApi(transport)
  const ask = createAsk({ shown: transport.shown, clock, retryMs })
  const closing = new AbortController()
  const behind = new Behind()

  const follow = createFollow({
    transport,
    clock,
    heartbeatMs,
    maxRetryMs,
    buffer,
    WebSocket: options.WebSocket,
    closing: closing.signal,
    whyRefused: whyRefused(api, createAsk({ shown: transport.shown, clock, retryMs: 0 })),
    queue: (name) => queues.get(name),
  })
  const queues = createQueues(api, ask, follow.queues)
  const completed = createCompletions({ transport, clock, heartbeatMs, maxRetryMs, closing: closing.signal })
  const tools: Tools = { api, ask, behind, follow, completed }
  const close = () => {
    closing.abort(new SheafError('closed', 'The client was closed.'))
    return behind.done()
  }
  return {
    api,
    queues,
    schedules: createSchedules(tools),
    webhooks: createWebhooks(api, ask),
    all: gather(tools, 'all', allOf),
    allSettled: gather(tools, 'allSettled', allSettledOf),
    any: gather(tools, 'any', anyOf),
    // Of no tasks, none ends first: as the language has it, this never settles.
    race: gather(tools, 'race', raceOf, (signal) => never(either(signal, closing.signal))),
    submit: async (tasks: Iterable<Task> | Each | AsyncIterable<Task>, given = {}) =>
      isStream(tasks)
        ? submitStream(tools, tasks, clock, given)
        : new Job(tools, (await submit(tools, tasks, given)).job.id),
    watch: (what, watching) =>
      isJobs(what) ? follow.jobs(what, watching) : follow.selection(what, watching),
    job: (id) => new Job(tools, id.toLowerCase()),
    close,
    [Symbol.asyncDispose]: close,
  }
}

/** Only a token that does not suffice is a reason to give up; whatever else it is may pass. */
const whyRefused = (api: Api, askOnce: Ask) => async (job: string | undefined, signal: AbortSignal) => {
  try {
    if (job === undefined)
      await askOnce((fetch) => api.queues.get({ fetch, query: { limit: 1 } }), { signal })
    else await askOnce((fetch) => api.jobs({ id: segmentOf(job) }).get({ fetch }), { signal })
  } catch (error) {
    if (error instanceof SheafError && (error.status === 401 || error.status === 403)) return error
  }
  return undefined
}

/** Which types its result has, the overloads of {@link Sheaf} say. */
const gather =
  (
    tools: Tools,
    mode: Mode,
    settle: (decided: Decided) => Promise<unknown>,
    /** What stands for a job of no tasks. */
    ofNone?: (signal: AbortSignal | undefined) => Promise<never>,
  ) =>
  async (tasks: Iterable<Task>, { signal, ...options }: GatherOptions = {}): Promise<never> => {
    const written = writeTasks(tasks)
    if (written.count === 0 && ofNone) return ofNone(signal)
    const submitted = await submitWritten(tools, written, { ...options, ...(signal && { signal }), mode })
    const job = new Job(tools, submitted.job.id)
    try {
      const as = submitted.job.outcome === undefined ? await job.decided({ signal }) : submitted.job
      return (await settle({ job, as, options: { signal } })) as never
    } catch (error) {
      if (signal?.aborted && submitted.own) tools.behind.add(job.cancel())
      throw error
    }
  }
