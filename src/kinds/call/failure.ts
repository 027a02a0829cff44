import type { RunResult } from '../kind.ts'
import { failed, failedForGood } from '../results.ts'
import { toJson } from './json.ts'

/** A handler may throw anything; of an error, only its message is for others to see. */
export const thrown = (error: unknown): RunResult => threw(messageOf(error), isFatal(error))

/** A message may be of any length. */
export const threw = (message: string, fatal: boolean): RunResult =>
  (fatal ? failedForGood : failed)('handler_failed', message.slice(0, mostMessage))

export const notJson = (name: string, flaw: string): RunResult =>
  failedForGood('output_not_json', `The output of "${name}" is not JSON: ${flaw}`)

const mostMessage = 2_000

/** By name, because a handler may have its `Fatal` from another copy of Sheaf than the server. */
const isFatal = (error: unknown): boolean => error instanceof Error && error.name === 'Fatal'

const messageOf = (error: unknown): string => {
  if (error instanceof Error) return error.message || error.name
  return typeof error === 'string' ? error : `Threw ${describe(error)}, which is no Error.`
}

const describe = (value: unknown): string => {
  const json = toJson(value)
  return 'text' in json ? json.text : `a ${typeof value}`
}
