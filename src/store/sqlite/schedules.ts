import type { ScheduleChange, ScheduleRecord } from '../schedule.ts'
import type { NewJob } from '../store.ts'
import type { schedules } from './schema.ts'
import type { Statements } from './statements/index.ts'

/**
 * Notes a job with the schedule that makes it, and moves that on if a tick does. False, and nothing is noted, if there
 * is no such schedule, or it no longer stands at that tick: then the job is not to be.
 */
export const takeTick = (
  statements: Statements,
  { id: job, tick, schedule }: Pick<NewJob, 'id' | 'tick' | 'schedule'>,
  now: number,
): boolean => {
  if (tick !== undefined) {
    const { schedule: id, at, nextAt = null } = tick
    return statements.takeTick.get({ id, at, nextAt, now, job }) !== undefined
  }
  return schedule === undefined || statements.noteRun.get({ id: schedule, now, job }) !== undefined
}

/** Whether the change was done. */
export const applySchedule = (statements: Statements, change: ScheduleChange, now: number): boolean => {
  switch (change.type) {
    case 'put':
      return put(statements, change.schedule, change.was)
    case 'remove':
      return statements.deleteSchedule.get({ id: change.id }) !== undefined
    case 'skip': {
      const { id, at, nextAt = null, why } = change
      return statements.skipTick.get({ id, at, nextAt, now, why }) !== undefined
    }
    default:
      return change satisfies never
  }
}

const put = (statements: Statements, schedule: ScheduleRecord, was: number | undefined): boolean =>
  (was === undefined
    ? statements.insertSchedule.get(fromSchedule(schedule))
    : statements.changeSchedule.get({ ...fromSchedule(schedule), was })) !== undefined

type ScheduleRow = typeof schedules.$inferSelect

const fromSchedule = (schedule: ScheduleRecord): ScheduleRow => ({
  ...schedule,
  name: schedule.name ?? null,
  owner: schedule.owner ?? null,
  pausedAt: schedule.pausedAt ?? null,
  nextAt: schedule.nextAt ?? null,
  lastAt: schedule.lastAt ?? null,
  lastJob: schedule.lastJob ?? null,
  lastSkip: schedule.lastSkip ?? null,
})

export const toSchedule = (row: ScheduleRow): ScheduleRecord => ({
  ...row,
  name: row.name ?? undefined,
  owner: row.owner ?? undefined,
  pausedAt: row.pausedAt ?? undefined,
  nextAt: row.nextAt ?? undefined,
  lastAt: row.lastAt ?? undefined,
  lastJob: row.lastJob ?? undefined,
  lastSkip: row.lastSkip ?? undefined,
})
