import { expect } from 'bun:test'
import { largestEventOutput, type TaskChangeView } from '../../src/job/events.ts'
import { hasEnded } from '../../src/job/state.ts'
import type { JobView, TaskView } from '../../src/job/wire.ts'
import type { Api } from './api.ts'
import type { Journal } from './journal.ts'
import type { Followed } from './reader.ts'

/** A job and its tasks, as REST tells them. */
export interface Truth {
  job: JobView
  tasks: readonly TaskView[]
}

/** How often a job that moves while it is read is read again. */
const mostReads = 5

/** Undefined if there is no such job, or if it does not rest. */
export const readTruth = async (api: Api, id: string): Promise<Truth | undefined> => {
  let job = await api.job(id)
  for (let left = mostReads; job !== undefined && left > 0; left -= 1) {
    const tasks = await api.tasks(id)
    const after = await api.job(id)
    if (after?.seq === job.seq) return { job, tasks }
    job = after
  }
  return undefined
}

/** Fails unless the reader, who has seen all there is to see, knows what there is to know. */
export const expectTrue = ({ journal, refusal }: Followed, { job, tasks }: Truth): void => {
  const isSeen = refusal === 'seen' && journal.seq === job.seq && hasEnded(job.state)
  const { start = 0, filter } = journal
  const known = journal.changes
  const due = tasks.filter((task) => task.seq > start && passes(task, journal))
  // What has left the states that it asked for since, it need not know of.
  const current = filter.states
    ? known.filter(({ index }) => due.some((task) => task.index === index))
    : known
  compare(
    current,
    due.map((task) => changeOf(task, journal)),
  )
  // Who came for what there is after the end was told that there is nothing.
  if (journal.job === undefined && isSeen) return
  if (!journal.isFiltered) compare(journal.counts, job.counts)
  if (journal.job?.seq === job.seq) compare(lasting(journal.job), lasting(job))
  compare(
    { seq: journal.seq, last: journal.isLast, state: journal.job?.state, sealed: journal.job?.sealed },
    { seq: job.seq, last: hasEnded(job.state), state: job.state, sealed: job.sealed },
  )
}

/** What a reader was told by some moment. */
export interface Memory {
  journal: Journal
  seq: number
  changes: readonly TaskChangeView[]
}

export const memoryOf = (journal: Journal): Memory => ({
  journal,
  seq: journal.seq ?? 0,
  changes: journal.changes,
})

/** Fails if anything that was told is not, or is no longer, so in what was read later: it was told before it was durable. */
export const expectKept = ({ journal, seq, changes }: Memory, { job, tasks }: Truth): void => {
  if (seq > job.seq) throw new Error(`Seq ${seq} of job ${job.id} was told, and it is at ${job.seq}`)
  for (const told of changes) {
    const task = tasks[told.index]
    if (task === undefined || task.seq < told.seq || task.attempt < told.attempt)
      throw new Error(`Told was ${JSON.stringify(told)}, and there is ${JSON.stringify(task)}`)
    if (task.seq === told.seq) compare(told, changeOf(task, journal))
  }
}

const passes = ({ state, key }: TaskView, { filter: { states, keys } }: Journal) =>
  (states?.includes(state) ?? true) && (keys?.includes(key ?? '') ?? true)

/** The latest change of a task, as the reader was to be told of it. */
const changeOf = (task: TaskView, { filter }: Journal): TaskChangeView => {
  const { index, key, state, attempt, seq, runAt, output, error } = task
  const bytes = output === undefined ? 0 : Buffer.byteLength(JSON.stringify(output))
  const isTold = bytes <= largestEventOutput && filter.output !== false
  return {
    index,
    ...(key !== undefined && { key }),
    state,
    attempt,
    seq,
    ...(runAt !== undefined && { runAt }),
    ...(output !== undefined && (isTold ? { output } : { outputBytes: bytes })),
    ...(error !== undefined && { error }),
  }
}

/** What does not change by itself as time passes. */
const lasting = ({ ratePerSecond: _, etaMs: __, ...rest }: JobView) => rest

/** The deep comparison that makes a readable difference takes long, and there are many that are equal. */
const compare = (known: unknown, due: unknown): void => {
  if (!Bun.deepEquals(known, due)) expect(known).toEqual(due as never)
}
