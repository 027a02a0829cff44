import { type Static, type TSchema, Type } from '@sinclair/typebox'
import { accepts } from './check.ts'
import { explain, type FieldError, invalid, unexpected, worded } from './explain.ts'
import { oneOf, strict, Text } from './fields.ts'
import { limits } from './limits.ts'
import { Moment } from './wire.ts'

export const missedPolicies = ['skip', 'once'] as const
export const overlapPolicies = ['allow', 'skip', 'replace'] as const

/** Every reason for which a tick makes no job. */
export const skipCodes = {
  missed: 'Nobody was there at the time, and missed ticks are skipped.',
  overlap: 'The job before had not ended.',
  existing: 'There was a job of the same unique key.',
  full: 'The server had no room for the tasks; it is tried again.',
  invalid: 'The job is no longer one that the server takes, or the time zone no longer one that it knows.',
} as const

export type SkipCode = keyof typeof skipCodes

/** The longest job of a schedule, as JSON in UTF-8: a hundred of them may be in memory at once. */
export const longestScheduledJob = 262_144
const longestCron = 200
const longestZone = 64

/** The fields of a schedule, of which `job` is checked by those who know the kinds of tasks. */
export const ScheduleSpec = Type.Object(
  {
    name: Type.Optional(
      Text(1, limits.nameLength, { description: 'What the schedule is called; need not be unique.' }),
    ),
    cron: Text(1, longestCron, {
      description: [
        'When: minute, hour, day of the month, month, day of the week; with six fields, the second comes first, and a',
        'seventh is the year. `L`, `W`, `#` and names such as `@daily` work as well.',
      ].join(' '),
      examples: ['0 3 * * MON-FRI'],
    }),
    timeZone: Type.Optional(
      Text(1, longestZone, {
        default: 'UTC',
        description: 'The time zone of the expression, by its IANA name.',
        examples: ['Europe/Berlin'],
      }),
    ),
    missed: Type.Optional(
      oneOf(missedPolicies, {
        default: 'skip',
        description:
          'What becomes of ticks that passed more than a minute ago while nobody was there: nothing, or one job for all of them.',
      }),
    ),
    overlap: Type.Optional(
      oneOf(overlapPolicies, {
        default: 'allow',
        description:
          'What a tick does while the job before has not ended: makes one all the same, makes none, or cancels the one before.',
      }),
    ),
    paused: Type.Optional(
      Type.Boolean({
        description:
          'Whether it makes no jobs for now. Default: a new schedule makes some, and one that is there stays as it is.',
      }),
    ),
    job: worded('an object, what POST /jobs takes', Type.Unknown({ description: 'What POST /jobs takes.' })),
  },
  strict,
)

export type ScheduleSpec = Static<typeof ScheduleSpec>

/** Takes what came over the wire for a schedule. Throws a Problem (`invalid`) that says where it does not fit. */
export const parseSchedule = (value: unknown): ScheduleSpec => {
  if (accepts(ScheduleSpec, value)) return value
  throw invalid(explain(ScheduleSpec, value))
}

export const ScheduleId = worded(
  '1 to 100 letters, digits and any of . _ -, other than "." and ".."',
  Type.String({
    pattern: '^(?!\\.{1,2}$)[A-Za-z0-9._-]{1,100}$',
    description: 'The id of the schedule: a name of your own, or the UUIDv7 that it was given.',
  }),
)

/** Takes what came in a path for the id of a new schedule. Throws a Problem (`invalid`). */
export const parseScheduleId = (id: string): string => {
  if (accepts(ScheduleId, id)) return id
  throw invalid(explain(ScheduleId, id, 'id'))
}

/** The errors of a schedule's job, as those of the field in which it stands. */
export const withinJob = (errors: readonly FieldError[]): FieldError[] =>
  errors.map(({ field, message }) => {
    if (field === '') return { field: 'job', message: message.replace('"body"', '"job"') }
    const within = `job.${field}`
    return { field: within, message: message.replaceAll(`"${field}"`, `"${within}"`) }
  })

/** The error of a job that is too long to be kept. */
export const tooLong = (bytes: number): FieldError =>
  unexpected('job', `to be at most ${longestScheduledJob} bytes of JSON`, bytes)

const SkipShape = Type.Object({
  code: Type.Unsafe<SkipCode>({
    type: 'string',
    enum: Object.keys(skipCodes),
    description: 'Stable, for programs.',
  }),
  message: Type.String(),
})

/** A schedule as the world sees it, with a job of this shape. */
export const scheduleOf = <Job extends TSchema>(job: Job) =>
  Type.Object({
    id: Type.String(),
    name: Type.Optional(Type.String()),
    cron: Type.String(),
    timeZone: Type.String(),
    missed: Type.Unsafe<(typeof missedPolicies)[number]>({ type: 'string', enum: [...missedPolicies] }),
    overlap: Type.Unsafe<(typeof overlapPolicies)[number]>({ type: 'string', enum: [...overlapPolicies] }),
    job,
    pausedAt: Type.Optional(Moment('Since when it makes no jobs.')),
    nextAt: Type.Union([
      Moment('When it makes its next job; null if it is paused, or no time is left that matches.'),
      Type.Null(),
    ]),
    upcoming: Type.Array(Moment('A tick.'), { description: 'The next five of them.' }),
    lastAt: Type.Optional(Moment('When it last came to a tick, or was run by hand.')),
    lastJob: Type.Optional(Type.String({ format: 'uuid', description: 'The job that it made last.' })),
    lastSkip: Type.Optional(SkipShape),
    createdAt: Moment('When it was created.'),
    updatedAt: Moment('When it was last changed: told something else, paused or resumed.'),
  })

export type Skip = Static<typeof SkipShape>
