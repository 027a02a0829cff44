import { Type } from '@sinclair/typebox'
import type { Kind, RunContext, RunResult } from '../../src/kinds/kind.ts'

const input = Type.Object({ value: Type.Optional(Type.Unknown()) })

/** An attempt that runs until the test ends it. */
export interface Run {
  value: unknown
  context: RunContext
  end(result: RunResult): void
  succeed(output?: unknown): void
  fail(retryable?: boolean): void
  snooze(delayMs: number): void
  throw(error: unknown): void
}

/** A kind whose runs end when the test says so, and that heeds no signal. */
export class Script implements Kind<'script', typeof input> {
  readonly name = 'script'
  readonly input = input
  /** Every run so far, in the order they started. */
  readonly runs: Run[] = []
  #waiting: { count: number; resolve: (runs: Run[]) => void }[] = []

  timeoutMs = () => 60_000
  queue = () => 'script'

  run({ value }: { value?: unknown }, context: RunContext): Promise<RunResult> {
    const { promise, resolve, reject } = Promise.withResolvers<RunResult>()
    this.runs.push({
      value,
      context,
      end: resolve,
      succeed: (output = value ?? null) => resolve({ type: 'succeeded', output: JSON.stringify(output) }),
      fail: (retryable = true) => resolve({ type: 'failed', error: refused, retryable }),
      snooze: (delayMs) => resolve({ type: 'snoozed', delayMs }),
      throw: reject,
    })
    for (const waiter of this.#waiting) if (waiter.count === this.runs.length) waiter.resolve(this.runs)
    return promise
  }

  /** Resolves when so many runs have started, in all. */
  started(count: number): Promise<Run[]> {
    if (this.runs.length >= count) return Promise.resolve(this.runs)
    return new Promise((resolve) => this.#waiting.push({ count, resolve }))
  }

  /** The run that starts as number `count`, from 1. */
  async nth(count: number): Promise<Run> {
    const run = (await this.started(count))[count - 1]
    if (run === undefined) throw new Error(`There is no run ${count}`)
    return run
  }
}

export const refused = { code: 'unexpected_status', message: 'The script says no.' } as const

/** Gives its input back, without taking a turn. */
export const echo: Kind<'echo', typeof input> = {
  name: 'echo',
  input,
  timeoutMs: () => 60_000,
  queue: () => 'echo',
  run: ({ value = null }) => ({ type: 'succeeded', output: JSON.stringify(value) }),
}

/** Gives its input back a little later, as whatever waits for another does. */
export const echoLater: Kind<'echoLater', typeof input> = {
  ...echo,
  name: 'echoLater',
  run: async (fields, context) => echo.run(fields, context),
}
