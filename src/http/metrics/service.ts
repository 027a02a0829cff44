import type { Health } from '../../engine/engine.ts'
import { faults, warnings } from '../../job/faults.ts'
import { transports } from '../streams.ts'
import { version } from '../version.ts'
import { each, type Family, flags, one } from './family.ts'

/** How the server itself does. */
export const serviceFamilies: readonly Family[] = [
  {
    name: 'sheaf_build_info',
    type: 'gauge',
    labels: ['version', 'bun'],
    help: '1, with the versions of Sheaf and of Bun.',
    read: () => [[[version, Bun.version], 1]],
  },
  {
    name: 'sheaf_ready',
    type: 'gauge',
    help: '1 while jobs are accepted and run, as `/readyz` says.',
    read: ({ health }) => one(Number(health.ok)),
  },
  {
    name: 'sheaf_fault',
    type: 'gauge',
    labels: ['code'],
    help: '1 for the fault that stops the intake, 0 for the others.',
    read: ({ health }) => each(flags(Object.keys(faults), health.ok ? [] : [health.code])),
  },
  {
    name: 'sheaf_warning',
    type: 'gauge',
    labels: ['code'],
    help: '1 for what is not well although jobs run.',
    read: ({ health }) => each(flags(Object.keys(warnings), warningsOf(health))),
  },
  {
    name: 'sheaf_commit_duration_seconds',
    type: 'histogram',
    help: 'How long commits took, their fsync included.',
    unit: 1_000,
    read: ({ tally }) => [[[], tally.commits.durations]],
  },
  {
    name: 'sheaf_commit_size',
    type: 'histogram',
    help: 'How many requests and ends of attempts shared a commit.',
    unit: 1,
    read: ({ tally }) => [[[], tally.commits.sizes]],
  },
  {
    name: 'sheaf_commits_failed_total',
    type: 'counter',
    help: 'Commits that could not be written.',
    read: ({ tally }) => one(tally.commits.failed),
  },
  {
    name: 'sheaf_database_bytes',
    type: 'gauge',
    help: 'The size of the database file.',
    read: ({ files }) => one(files?.fileBytes),
  },
  {
    name: 'sheaf_database_log_bytes',
    type: 'gauge',
    help: 'The size of its log (`-wal`).',
    read: ({ files }) => one(files?.walBytes),
  },
  {
    name: 'sheaf_streams',
    type: 'gauge',
    labels: ['transport'],
    help: 'Open connections: WebSockets, event streams, and results as they come.',
    read: ({ streams }) => transports.map((transport) => [[transport], streams.open(transport)]),
  },
  {
    name: 'sheaf_followers',
    type: 'gauge',
    help: 'Subscriptions to jobs; a WebSocket may have any number.',
    read: ({ occupancy }) => one(occupancy.followers),
  },
  {
    name: 'sheaf_waiting_requests',
    type: 'gauge',
    help: 'Requests that wait for a job (`Prefer: wait`, `?wait=`).',
    read: ({ occupancy }) => one(occupancy.waiters),
  },
  {
    name: 'sheaf_event_loop_late_seconds',
    type: 'histogram',
    help: 'How late the event loop was, measured twice a second.',
    unit: 1_000,
    read: ({ tally }) => [[[], tally.late]],
  },
]

const warningsOf = (health: Health) => (health.ok ? (health.warnings ?? []) : []).map(({ code }) => code)
