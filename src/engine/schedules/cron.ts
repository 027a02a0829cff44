import { Cron } from 'croner'
import { nearest } from '../../job/explain/nearest.ts'
import { type FieldError, unexpected } from '../../job/explain.ts'

/** The moments that an expression stands for, in milliseconds since the epoch: whole seconds all of them. */
export interface Ticks {
  /** The first one after a moment; undefined if there is none. Found in less than 20 ms, even if that is so. */
  after(ms: number): number | undefined
  /** The last one up to a moment, that moment included; undefined if there is none. */
  upTo(ms: number): number | undefined
}

/**
 * Reads an expression that {@link cronErrors} finds nothing wrong with. When the clocks change, it does as Vixie cron
 * does: an expression without `*` and steps in seconds, minutes and hours names times of day, and one of a skipped hour
 * comes right after the gap, one of a repeated hour the first time only. Any other is a rhythm, and goes by what the
 * clock shows: nothing in a skipped hour, and the repeated hour twice.
 */
export const ticksOf = (cron: string, timeZone: string): Ticks => {
  const pattern = new Cron(cron, { timezone: timeZone, fixedTimeRule: 'no-wildcard' })
  return {
    after: (ms) => pattern.nextRun(new Date(ms))?.getTime(),
    // A tick in the second that has begun counts as one before; one at the very moment does not.
    upTo: (ms) => pattern.previousRuns(1, new Date(ms + 1))[0]?.getTime(),
  }
}

/** The next ticks, at most `count` of them. */
export const upcoming = (ticks: Ticks, after: number, count: number): number[] => {
  const found: number[] = []
  for (let at = ticks.after(after); at !== undefined && found.length < count; at = ticks.after(at))
    found.push(at)
  return found
}

/** What is wrong with an expression or a time zone, given that they fit the schema. */
export const cronErrors = (cron: string, timeZone: string, now: number): FieldError[] => {
  const zone = zoneError(timeZone)
  const expression = expressionError(cron)
  if (expression || zone) return [expression, zone].filter((error) => error !== undefined)
  return ticksOf(cron, timeZone).after(now) === undefined
    ? [unexpected('cron', 'to match a time that is still to come', cron)]
    : []
}

const fields =
  'to be a cron expression of 5 to 7 fields such as "0 3 * * MON-FRI", or a name such as "@daily"'

const expressionError = (cron: string): FieldError | undefined => {
  const count = cron.trim().split(/\s+/).length
  // What has a colon would be taken for a date.
  if (cron.includes(':') || !(cron.trim().startsWith('@') || (count >= 5 && count <= 7)))
    return unexpected('cron', fields, cron)
  try {
    new Cron(cron)
    return undefined
  } catch (error) {
    const { field, message } = unexpected('cron', fields, cron)
    const reason = error instanceof Error ? error.message.replace(/^\w+: /, '').replace(/\.$/, '') : ''
    return { field, message: reason ? `${message} ${reason}.` : message }
  }
}

const zoneError = (timeZone: string): FieldError | undefined => {
  try {
    new Intl.DateTimeFormat('en', { timeZone })
    return undefined
  } catch {
    const { field, message } = unexpected(
      'timeZone',
      'to be the IANA name of a time zone such as "Europe/Berlin"',
      timeZone,
    )
    const meant = nearest(timeZone, Intl.supportedValuesOf('timeZone'))
    return { field, message: meant === undefined ? message : `${message} Did you mean "${meant}"?` }
  }
}
