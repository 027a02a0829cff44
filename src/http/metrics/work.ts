import type { KindTally } from '../../engine/tally/attempts.ts'
import type { Tally } from '../../engine/tally/tally.ts'
import { each, type Family, one, type Reading } from './family.ts'

/** What is to be done, and was. */
export const workFamilies: readonly Family[] = [
  {
    name: 'sheaf_jobs_submitted_total',
    type: 'counter',
    help: 'Jobs that were taken.',
    read: ({ tally }) => one(tally.commits.jobsSubmitted),
  },
  {
    name: 'sheaf_jobs_ended_total',
    type: 'counter',
    labels: ['state'],
    help: 'Jobs that ended; one that is retried ends again.',
    read: ({ tally }) => each(tally.commits.jobsEnded),
  },
  {
    name: 'sheaf_tasks_submitted_total',
    type: 'counter',
    help: 'Tasks of these jobs, those that were added later included.',
    read: ({ tally }) => one(tally.commits.tasksSubmitted),
  },
  {
    name: 'sheaf_tasks_ended_total',
    type: 'counter',
    labels: ['kind', 'state'],
    help: 'Tasks that ended, of those that had their turn.',
    read: ({ tally }) => byKind(tally, ({ ended }, kind) => each(ended, kind)),
  },
  {
    name: 'sheaf_tasks_cancelled_waiting_total',
    type: 'counter',
    help: 'Tasks that were cancelled before they had their turn, as their job stopped or a task before them did not succeed.',
    read: ({ tally }) => one(cancelledWaiting(tally)),
  },
  {
    name: 'sheaf_tasks_rescued_total',
    type: 'counter',
    help: 'Tasks that ran when the server before this one died.',
    read: ({ tally }) => one(tally.commits.tasksRescued),
  },
  {
    name: 'sheaf_tasks_waiting',
    type: 'gauge',
    labels: ['state'],
    help: 'Tasks that wait, in all queues: `queued` for their turn or their time, `blocked` for other tasks.',
    read: ({ census }) => (census ? each({ queued: census.queued, blocked: census.blocked }) : []),
  },
  {
    name: 'sheaf_tasks_running',
    type: 'gauge',
    labels: ['kind'],
    help: 'Tasks that run now.',
    read: ({ occupancy }) => each(occupancy.running),
  },
  {
    name: 'sheaf_tasks_at_hand',
    type: 'gauge',
    help: 'Tasks that were claimed, and start as soon as others have ended.',
    read: ({ occupancy }) => one(occupancy.atHand),
  },
  {
    name: 'sheaf_concurrency',
    type: 'gauge',
    help: 'How many tasks may run at once (`SHEAF_CONCURRENCY`).',
    read: ({ occupancy }) => one(occupancy.concurrency),
  },
  {
    name: 'sheaf_attempts_total',
    type: 'counter',
    labels: ['kind', 'result'],
    help: 'Attempts that ended: `retry` failed and is tried again, `snooze` was told to come later, `release` was given back at a stop.',
    read: ({ tally }) => byKind(tally, ({ results }, kind) => each(results, kind)),
  },
  {
    name: 'sheaf_attempt_duration_seconds',
    type: 'histogram',
    labels: ['kind'],
    help: 'How long attempts took.',
    unit: 1_000,
    read: ({ tally }) => byKind(tally, ({ durations }, kind) => [[[kind], durations]]),
  },
]

const byKind = <Value>(
  { attempts }: Tally,
  read: (kind: KindTally, name: string) => Reading<Value>[],
): Reading<Value>[] => [...attempts.kinds].flatMap(([name, kind]) => read(kind, name))

/** The rest of those that were cancelled: of them no kind is known. */
const cancelledWaiting = ({ attempts, commits }: Tally): number =>
  [...attempts.kinds.values()].reduce((rest, { ended }) => rest - ended.cancelled, commits.tasksCancelled)
