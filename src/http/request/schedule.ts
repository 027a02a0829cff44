import { Problem, show } from '../../job/errors.ts'
import { parseSchedule, type ScheduleSpec } from '../../job/schedule.ts'
import { readBody } from './body.ts'
import { jsonOf } from './json.ts'

/** Reads the schedule in the body of a request; its job is checked later. Throws the Problem that says what is wrong with it. */
export const readSchedule = async (request: Request, maxBytes: number): Promise<ScheduleSpec> => {
  const { bytes } = await readBody(request, ['application/json'], maxBytes)
  return parseSchedule(jsonOf(bytes, 'body'))
}

/** The schedule that was found by the id in a path, or the Problem that there is none. */
export const found = <T>(schedule: T | undefined, id: string): T => {
  if (schedule === undefined) throw noSchedule(id)
  return schedule
}

export const noSchedule = (id: string) => new Problem('not_found', `There is no schedule ${show(id)}.`)
