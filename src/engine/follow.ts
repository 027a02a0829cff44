import { expected, Problem } from '../job/errors.ts'
import { hasEnded } from '../job/state.ts'
import type { JobRecord, Store } from '../store/store.ts'
import { batches, type Frame, jobFrame, mostTasks, tasksFrame } from './frame.ts'
import type { Hub } from './hub.ts'
import { behind, type Inbox } from './inbox.ts'

export interface FollowOptions {
  /** The last seq that was seen. Default: now, so that only a snapshot comes first. */
  after?: number | undefined
  signal: AbortSignal
}

interface Sources {
  store: Store
  hub: Hub
  rate: (job: JobRecord) => number
}

/**
 * Everything that happens to a job, once and in order, from `after` on: what is in the log, a snapshot of the job, then what is
 * committed from now on. A reader that falls behind reads the log again, from where it is: so nothing waits for it, and nothing is missed.
 * The one source of both the WebSocket and the SSE stream.
 */
export async function* follow(
  { store, hub, rate }: Sources,
  id: string,
  { after, signal }: FollowOptions,
): AsyncGenerator<Frame> {
  const inbox = hub.join(id)
  const close = () => inbox.close()
  signal.addEventListener('abort', close, { once: true })
  try {
    const job = await store.job(id)
    if (job === undefined) throw new Problem('not_found', `There is no job ${id}.`)
    let cursor = after ?? job.seq
    if (cursor > job.seq)
      throw new Problem(
        'invalid',
        expected('after', `between 0 and ${job.seq}, the latest seq of the job`, cursor),
      )

    for (;;) {
      const caughtUp = yield* readLog({ store, hub, rate }, id, cursor, inbox, signal)
      if (caughtUp === undefined || hasEnded(caughtUp.state)) return
      const reached = yield* goLive(inbox, caughtUp.seq, signal)
      if (reached === undefined) return
      cursor = reached
    }
  } finally {
    signal.removeEventListener('abort', close)
    hub.leave(id, inbox)
  }
}

/** What changed since `cursor`, and the job as it is then. Returns the job, or undefined when there is no more to follow. */
async function* readLog(
  { store, rate }: Sources,
  id: string,
  cursor: number,
  inbox: Inbox,
  signal: AbortSignal,
): AsyncGenerator<Frame, JobRecord | undefined> {
  let after = cursor
  for (;;) {
    inbox.clear()
    const changes = await store.changes(id, after, mostTasks)
    if (changes === undefined) return undefined
    for (const batch of batches(changes.tasks)) {
      if (signal.aborted) return undefined
      const frame = tasksFrame(changes.job, batch, after)
      after = frame.seq ?? after
      yield frame
    }
    if (changes.more) continue
    if (signal.aborted) return undefined
    yield jobFrame(changes.job, rate)
    return changes.job
  }
}

/** What is committed from `cursor` on. Returns where to read on in the log, or undefined when there is no more to follow. */
async function* goLive(
  inbox: Inbox,
  from: number,
  signal: AbortSignal,
): AsyncGenerator<Frame, number | undefined> {
  let cursor = from
  /** The seq of the job's latest snapshot: one that was committed with tasks has the same seq as the last of them. */
  let shown = from
  for (;;) {
    const frame = await inbox.next()
    if (frame === undefined || signal.aborted) return undefined
    if (frame === behind) return cursor
    if (frame.seq === undefined) {
      yield frame
      continue
    }
    if (frame.seq <= (frame.type === 'job' ? shown : cursor)) continue
    if (frame.since !== cursor) return cursor
    cursor = frame.seq
    if (frame.type === 'job') shown = cursor
    yield frame
    if (frame.last) return undefined
  }
}
