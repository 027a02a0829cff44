import { Type } from '@sinclair/typebox'
import { join } from './explain/path.ts'
import { worded } from './explain/words.ts'
import { type FieldError, unexpected } from './explain.ts'
import { Duration } from './fields.ts'
import { limits } from './limits.ts'

const utc = 'a time in UTC such as "2026-01-31T12:00:00Z"'

/** What a job or a task says of when it is to run, if that is not at once: at most one of them. */
export const dueFields = (from: string) => ({
  delayMs: Type.Optional(Duration(0, limits.longestMs, `How long to wait first, ${from}.`)),
  runAt: Type.Optional(
    worded(
      utc,
      Type.String({
        pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d{1,9})?(Z|\\+00:00)$',
        description: 'When to run at the earliest, as ISO-8601 in UTC. A time that has passed means now.',
      }),
    ),
  ),
})

export interface Due {
  delayMs?: number | undefined
  runAt?: string | undefined
}

/** Both in milliseconds since the epoch. */
export interface Times {
  /** When the request came. */
  now: number
  /** When a delay begins, before which nothing can be due. */
  from: number
}

/**
 * When something is due, in milliseconds since the epoch; undefined if that is at once. `at` is the path of what says so;
 * what is wrong with it is added to the errors.
 */
export const dueOf = (
  { delayMs, runAt }: Due,
  { now, from }: Times,
  at: string,
  errors: FieldError[],
): number | undefined => {
  if (runAt === undefined) return delayMs ? from + delayMs : undefined
  const field = join(at, 'runAt')
  const due = momentOf(runAt)
  if (delayMs !== undefined) {
    const other = join(at, 'delayMs')
    errors.push({ field, message: `Expected either "${other}" or "${field}", got both.` })
  } else if (due === undefined) errors.push(unexpected(field, `to be ${utc}`, runAt))
  else if (due - now > limits.longestMs)
    errors.push(unexpected(field, `at most ${limits.longestMs} ms from now`, runAt))
  return due !== undefined && due > from ? due : undefined
}

/** Undefined for a day or an hour that does not exist, where `Date` may go on to the next. */
const momentOf = (text: string): number | undefined => {
  const at = Date.parse(text)
  return Number.isFinite(at) && new Date(at).toISOString().slice(0, 19) === text.slice(0, 19) ? at : undefined
}
