import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { IsolatedHandler } from '../handler.ts'
import type { RunContext, RunResult } from '../kind.ts'
import { aborted, failed, failedForGood, succeeded } from '../results.ts'
import { notJson, threw } from './failure.ts'
import type { Compiled } from './handlers.ts'
import { misfit } from './loop.ts'
import type { Pool } from './pool.ts'
import type { Ending } from './worker.ts'

/** Runs a handler in a worker of the pool. */
export const runIsolated = async (
  compiled: Compiled,
  handler: IsolatedHandler,
  pool: Pool,
  input: unknown,
  context: RunContext,
): Promise<RunResult> => {
  const { job, index, attempt, idempotencyKey } = context
  const ending = await pool.run(handler.name, {
    order: {
      module: urlOf(handler.thread ?? handler.process),
      // The input came out of JSON: nothing of it is lost.
      ...(input !== undefined && { input: JSON.stringify(input) }),
      job,
      index,
      attempt,
      idempotencyKey,
    },
    memoryMb: handler.memoryMb,
    context,
  })
  return resultOf(compiled, handler, ending)
}

const resultOf = (compiled: Compiled, handler: IsolatedHandler, ending: Ending): RunResult => {
  switch (ending.type) {
    case 'done':
      return (compiled.output && misfit(compiled, JSON.parse(ending.output))) ?? succeeded(ending.output)
    case 'failed':
      return failureOf(handler.name, ending)
    case 'crashed':
      return failed('handler_crashed', `The ${workerOf(handler)} of "${handler.name}" ${ending.how}.`)
    case 'memory_exceeded':
      return failed(
        'memory_exceeded',
        `The process of "${handler.name}" took more than its memoryMb of ${handler.memoryMb}.`,
      )
    case 'closed':
      return failed('handler_crashed', `The ${workerOf(handler)} of "${handler.name}" was closed.`)
    case 'aborted':
      return aborted
    default:
      return ending satisfies never
  }
}

const failureOf = (name: string, { why, message }: Extract<Ending, { type: 'failed' }>): RunResult => {
  switch (why) {
    case 'threw':
      return threw(message, false)
    case 'fatal':
      return threw(message, true)
    case 'no_json':
      return notJson(name, message)
    case 'not_loaded':
      // Not for good: what a module does when it is loaded, such as to connect, may succeed another time.
      return failed('handler_failed', `The module of "${name}" cannot be loaded: ${withoutPaths(message)}`)
    case 'no_function':
      return failedForGood(
        'handler_failed',
        `Expected the module of "${name}" to export a function, as default or as "run".`,
      )
    default:
      return why satisfies never
  }
}

const workerOf = ({ thread }: IsolatedHandler) => (thread === undefined ? 'process' : 'thread')

/** Where a file lies on the server is nobody's business; which one it is says a lot. */
const withoutPaths = (message: string): string =>
  message.replace(/ (imported )?from .*$/s, '').replace(/(?:file:\/\/)?(?:\/[^\s/'"`]+)*\/(?=[^\s/'"`])/g, '')

/** A string is a path from the working directory, unless it begins with a scheme. */
const urlOf = (module: URL | string): string =>
  typeof module === 'string' && !/^[a-z]+:/i.test(module)
    ? pathToFileURL(resolve(module)).href
    : String(module)
