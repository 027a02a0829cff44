import { explain } from '../../job/explain.ts'
import type { HandlerContext, LoopHandler } from '../handler.ts'
import type { RunContext, RunResult } from '../kind.ts'
import { failedForGood, succeeded } from '../results.ts'
import { notJson, thrown } from './failure.ts'
import type { Compiled } from './handlers.ts'
import { toJson } from './json.ts'
import { inTurn } from './turn.ts'

/** Runs a handler in the server's event loop. */
export const runInLoop = (
  compiled: Compiled,
  handler: LoopHandler,
  input: unknown,
  context: RunContext,
): RunResult | Promise<RunResult> => {
  let returned: unknown
  try {
    returned = inTurn(handler.name, () => handler.run(input, contextOf(context)))
  } catch (error) {
    return thrown(error)
  }
  // A handler that is not async is done: its result needs no turn of the event loop.
  return isThenable(returned)
    ? Promise.resolve(returned).then((output) => resultOf(compiled, output), thrown)
    : resultOf(compiled, returned)
}

const resultOf = (compiled: Compiled, value: unknown): RunResult => {
  const json = toJson(value)
  if ('flaw' in json) return notJson(compiled.handler.name, json.flaw)
  return misfit(compiled, value) ?? succeeded(json.text)
}

/** How an output that is not what its schema says fails its task. */
export const misfit = ({ handler, output }: Compiled, value: unknown): RunResult | undefined => {
  if (!output || output.Check(value)) return undefined
  const errors = handler.output ? explain(handler.output, value, 'output') : []
  const message = `The output of "${handler.name}" does not fit its schema: ${errors[0]?.message}`
  return failedForGood('handler_failed', message, { errors })
}

const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'

/** The functions do without `this`, and the signal is made only if the handler asks for it. */
const contextOf = (context: RunContext): HandlerContext => ({
  get signal() {
    return context.signal
  },
  attempt: context.attempt,
  job: context.job,
  index: context.index,
  idempotencyKey: context.idempotencyKey,
  progress: (progress) => context.progress(progress),
  log: (message, fields) => context.log(message, fields),
})
