import { type Static, Type } from '@sinclair/typebox'
import { show } from '../job/errors.ts'
import { explain } from '../job/explain.ts'
import { strict } from '../job/fields.ts'
import { type Compiled, compileHandlers, hint } from './call/handlers.ts'
import { toJson } from './call/json.ts'
import type { Handler, HandlerContext } from './handler.ts'
import type { Kind, RunContext, RunResult } from './kind.ts'
import { failed, failedForGood, succeeded } from './results.ts'

export const CallInput = Type.Object(
  {
    handler: Type.String({
      minLength: 1,
      maxLength: 100,
      description: 'The name of a handler of this server.',
    }),
    input: Type.Optional(
      Type.Unknown({ description: 'What the handler is given; checked against its schema. Null if absent.' }),
    ),
  },
  { ...strict, description: 'Runs a handler; its output is what the handler returns.' },
)

type CallInput = Static<typeof CallInput>

/** Long enough for a slow model or a large file, short enough that a handler that hangs is noticed. */
const defaultTimeoutMs = 300_000

/** The kind that runs these handlers. Throws if two have one name, or a schema cannot be compiled. */
export const createCall = (handlers: readonly Handler[]): Kind<'call', typeof CallInput> => {
  const known = compileHandlers(handlers)
  const names = [...known.keys()]
  return {
    name: 'call',
    input: CallInput,
    timeoutMs: () => defaultTimeoutMs,
    queue: ({ handler }) => `call:${handler}`,
    check: (task, at) => {
      const compiled = known.get(task.handler)
      if (compiled) return inputErrors(compiled, inputOf(task, compiled), `${at}.input`)
      const message = `Expected "${at}.handler" to be a handler of this server, got ${show(task.handler)}. ${hint(task.handler, names)}`
      return [{ field: `${at}.handler`, message }]
    },
    run: (task, context) => {
      const compiled = known.get(task.handler)
      if (compiled) return call(compiled, inputOf(task, compiled), context)
      const message = `This server has no handler "${task.handler}". ${hint(task.handler, names)}`
      return failedForGood('handler_not_found', message)
    },
  }
}

/** A task without an input means `undefined` to a handler that takes that, and null to any other. */
const inputOf = (task: CallInput, { input }: Compiled): unknown =>
  task.input === undefined && !input.Check(undefined) ? null : task.input

const inputErrors = ({ handler, input }: Compiled, value: unknown, at: string) =>
  input.Check(value) ? [] : explain(handler.input, value, at)

const call = (compiled: Compiled, input: unknown, context: RunContext): RunResult | Promise<RunResult> => {
  const { handler } = compiled
  const errors = inputErrors(compiled, input, 'input')
  const [first] = errors
  if (first) return failedForGood('invalid_input', first.message, { errors })
  let returned: unknown
  try {
    returned = handler.run(input, contextOf(context))
  } catch (error) {
    return thrown(error)
  }
  // A handler that is not async is done: its result needs no turn of the event loop.
  return isThenable(returned)
    ? Promise.resolve(returned).then((output) => resultOf(compiled, output), thrown)
    : resultOf(compiled, returned)
}

const resultOf = ({ handler, output }: Compiled, value: unknown): RunResult => {
  const json = toJson(value)
  if ('flaw' in json)
    return failedForGood('output_not_json', `The output of "${handler.name}" is not JSON: ${json.flaw}`)
  if (!output || output.Check(value)) return succeeded(json.text)
  const errors = handler.output ? explain(handler.output, value, 'output') : []
  return failedForGood(
    'handler_failed',
    `The output of "${handler.name}" does not fit its schema: ${errors[0]?.message}`,
    {
      errors,
    },
  )
}

/** A handler may throw anything, of any length; of an error, only its message is for others to see. */
const thrown = (error: unknown): RunResult => {
  const fail = isFatal(error) ? failedForGood : failed
  return fail('handler_failed', messageOf(error).slice(0, mostMessage))
}

/** By name, because a handler may have its `Fatal` from another copy of Sheaf than the server. */
const isFatal = (error: unknown): boolean => error instanceof Error && error.name === 'Fatal'

const mostMessage = 2_000

const messageOf = (error: unknown): string => {
  if (error instanceof Error) return error.message || error.name
  return typeof error === 'string' ? error : `Threw ${describe(error)}, which is no Error.`
}

const describe = (value: unknown): string => {
  const json = toJson(value)
  return 'text' in json ? json.text : `a ${typeof value}`
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
