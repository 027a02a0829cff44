import { type Static, Type } from '@sinclair/typebox'
import { strict } from '../job/fields.ts'
import { ScheduleSpec, scheduleOf } from '../job/schedule.ts'
import { JobSpec } from './spec.ts'

/** What a caller tells a schedule, with the job in full. */
export const WholeScheduleSpec = Type.Object({ ...ScheduleSpec.properties, job: JobSpec }, strict)

/** A schedule as the world sees it. */
export const ScheduleShape = scheduleOf(JobSpec)

export type ScheduleView = Static<typeof ScheduleShape>
