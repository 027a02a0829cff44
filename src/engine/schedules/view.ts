import type { Skip } from '../../job/schedule.ts'
import type { ScheduleView } from '../../kinds/schedule.ts'
import type { ScheduleRecord } from '../../store/schedule.ts'
import { toIso } from '../view.ts'
import { ticksOf, upcoming } from './cron.ts'

/** How many ticks are shown ahead. */
const shown = 5

/** A schedule as the world sees it. */
export const viewSchedule = (schedule: ScheduleRecord): ScheduleView => ({
  id: schedule.id,
  ...(schedule.name !== undefined && { name: schedule.name }),
  cron: schedule.cron,
  timeZone: schedule.timeZone,
  missed: schedule.missed,
  overlap: schedule.overlap,
  job: JSON.parse(schedule.job),
  ...(schedule.pausedAt !== undefined && { pausedAt: toIso(schedule.pausedAt) }),
  nextAt: schedule.nextAt === undefined ? null : toIso(schedule.nextAt),
  upcoming: ahead(schedule).map(toIso),
  ...(schedule.lastAt !== undefined && { lastAt: toIso(schedule.lastAt) }),
  ...(schedule.lastJob !== undefined && { lastJob: schedule.lastJob }),
  ...(schedule.lastSkip !== undefined && { lastSkip: skipOf(schedule.lastSkip) }),
  createdAt: toIso(schedule.createdAt),
  updatedAt: toIso(schedule.updatedAt),
})

const ahead = ({ cron, timeZone, nextAt }: ScheduleRecord): number[] => {
  if (nextAt === undefined) return []
  try {
    return [nextAt, ...upcoming(ticksOf(cron, timeZone), nextAt, shown - 1)]
  } catch {
    // A time zone that was known when the schedule was put there.
    return [nextAt]
  }
}

/** Written by the scheduler. */
const skipOf = (text: string): Skip => JSON.parse(text) as Skip
