import type { ScheduleRecord } from '../../src/store/schedule.ts'

let made = 0

/** What a test says of a schedule; the rest is what one gets that asked for nothing special, and stands at no tick. */
export const newSchedule = (fields: Partial<ScheduleRecord> = {}): ScheduleRecord => {
  made += 1
  return {
    id: `schedule-${String(made).padStart(6, '0')}`,
    name: undefined,
    cron: '* * * * *',
    timeZone: 'UTC',
    missed: 'skip',
    overlap: 'allow',
    job: '{"tasks":[]}',
    owner: undefined,
    pausedAt: undefined,
    nextAt: undefined,
    lastAt: undefined,
    lastJob: undefined,
    lastSkip: undefined,
    createdAt: 1_000,
    updatedAt: 1_000,
    ...fields,
  }
}
