import { availableParallelism } from 'node:os'
import { type Static, Type } from '@sinclair/typebox'
import { type Clock, systemClock } from '../clock.ts'
import { show } from '../job/errors.ts'
import { explain } from '../job/explain.ts'
import { strict } from '../job/fields.ts'
import { type Compiled, compileHandlers, hint } from './call/handlers.ts'
import { runIsolated } from './call/isolated.ts'
import { runInLoop } from './call/loop.ts'
import { Pool } from './call/pool.ts'
import { startProcess } from './call/process.ts'
import { startThread } from './call/thread.ts'
import { enroll } from './call/turn.ts'
import type { Handler } from './handler.ts'
import type { Kind, RunContext, RunResult } from './kind.ts'
import { failedForGood } from './results.ts'

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

export interface CallOptions {
  /** How many threads, and how many processes, run tasks at once. Default: as many as the machine has cores. */
  workers?: number
  /** How long a worker may be idle before it is ended, in milliseconds. Default 30,000. */
  idleMs?: number
  /** How long a handler may take to heed its signal before its worker is ended, in milliseconds. Default 100. */
  graceMs?: number
  clock?: Pick<Clock, 'after'>
}

/** A kind that holds threads and processes, until it is closed. */
export interface CallKind extends Kind<'call', typeof CallInput> {
  /** Ends every thread and process, whatever it does. May be called again. */
  close(): Promise<void>
}

/**
 * The kind that runs these handlers. Starts no thread or process before a task needs one. Throws if two handlers have
 * one name, or a schema cannot be compiled.
 */
export const createCall = (
  handlers: readonly Handler[],
  { workers = availableParallelism(), ...options }: CallOptions = {},
): CallKind => {
  const known = compileHandlers(handlers)
  const names = [...known.keys()]
  names.forEach(enroll)
  const pools = createPools({ workers, ...options })

  const run = (compiled: Compiled, input: unknown, context: RunContext): RunResult | Promise<RunResult> => {
    const errors = inputErrors(compiled, input, 'input')
    const [first] = errors
    if (first) return failedForGood('invalid_input', first.message, { errors })
    const { handler } = compiled
    if (handler.run) return runInLoop(compiled, handler, input, context)
    return runIsolated(compiled, handler, handler.thread ? pools.thread : pools.process, input, context)
  }

  return {
    name: 'call',
    input: CallInput,
    timeoutMs: () => defaultTimeoutMs,
    queue: ({ handler }) => `call:${handler}`,
    // More would wait for a worker, and its timeout would run meanwhile.
    queues: Object.fromEntries(
      handlers.filter(({ run }) => !run).map(({ name }) => [`call:${name}`, { concurrency: workers }]),
    ),
    check: (task, at) => {
      const compiled = known.get(task.handler)
      if (compiled) return inputErrors(compiled, inputOf(task, compiled), `${at}.input`)
      const message = `Expected "${at}.handler" to be a handler of this server, got ${show(task.handler)}. ${hint(task.handler, names)}`
      return [{ field: `${at}.handler`, message }]
    },
    run: (task, context) => {
      const compiled = known.get(task.handler)
      if (compiled) return run(compiled, inputOf(task, compiled), context)
      const message = `This server has no handler "${task.handler}". ${hint(task.handler, names)}`
      return failedForGood('handler_not_found', message)
    },
    close: async () => {
      await Promise.all([pools.thread.close(), pools.process.close()])
    },
  }
}

const createPools = ({
  workers: size,
  idleMs = 30_000,
  graceMs = 100,
  clock = systemClock,
}: CallOptions & { workers: number }) => ({
  thread: new Pool({ start: startThread, size, idleMs, graceMs, clock }),
  process: new Pool({ start: startProcess, size, idleMs, graceMs, clock }),
})

/** A task without an input means `undefined` to a handler that takes that, and null to any other. */
const inputOf = (task: CallInput, { input }: Compiled): unknown =>
  task.input === undefined && !input.Check(undefined) ? null : task.input

const inputErrors = ({ handler, input }: Compiled, value: unknown, at: string) =>
  input.Check(value) ? [] : explain(handler.input, value, at)
