import { accepts } from '../../job/check.ts'
import { explain, invalid } from '../../job/explain.ts'
import { type Limits, LimitsSpec, limitsErrors, limitsOf } from '../../job/queues.ts'
import { readBody } from './body.ts'
import { jsonOf } from './json.ts'

/** Reads the limits in the body of a request. Throws the Problem that says what is wrong with them. */
export const readLimits = async (request: Request, maxBytes: number): Promise<Limits> => {
  const { bytes } = await readBody(request, ['application/json'], maxBytes)
  const limits = jsonOf(bytes, 'body')
  if (!accepts(LimitsSpec, limits)) throw invalid(explain(LimitsSpec, limits))
  const errors = limitsErrors(limits)
  if (errors.length > 0) throw invalid(errors)
  return limitsOf(limits)
}
