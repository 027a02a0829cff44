import { Type } from '@sinclair/typebox'
import { type CallOptions, createCall } from '../../../src/kinds/call.ts'
import { defineHandler, type Handler } from '../../../src/kinds/handler.ts'
import type { Progress, RunResult } from '../../../src/kinds/kind.ts'
import { fakeClock } from '../../../src/testing/clock.ts'
import { TestContext } from '../context.ts'
import type { Deed } from './misbehave.ts'

export const isolations = ['thread', 'process'] as const
export type Isolated = (typeof isolations)[number]

const input = Type.Unknown()

/** A handler whose module is given, or else one that does what its input says; see misbehave.ts. */
export const isolated = (where: Isolated, name = 'misbehave', module?: URL | string): Handler => {
  const url = module ?? new URL('./misbehave.ts', import.meta.url)
  return where === 'thread'
    ? defineHandler({ name, input, thread: url })
    : defineHandler({ name, input, process: url })
}

/** An attempt whose progress can be awaited. */
export class IsolatedContext extends TestContext {
  readonly #started = Promise.withResolvers<void>()

  /** Resolves at the first progress. */
  get started(): Promise<void> {
    return this.#started.promise
  }

  override progress(progress: Progress): void {
    super.progress(progress)
    this.#started.resolve()
  }
}

/** A `call` kind with real workers, closed when disposed of. */
export class Rig implements AsyncDisposable {
  readonly kind
  readonly clock = fakeClock()

  constructor(
    readonly handlers: readonly Handler[],
    options: CallOptions = {},
  ) {
    this.kind = createCall(handlers, { workers: 1, ...options })
  }

  async do(deed: Deed, value?: unknown, context = new IsolatedContext()): Promise<RunResult> {
    return this.kind.run({ handler: 'misbehave', input: { deed, with: value } }, context)
  }

  /** What it returned; throws if it failed. */
  async output(deed: Deed, value?: unknown): Promise<unknown> {
    const result = await this.do(deed, value)
    if (result.type !== 'succeeded') throw new Error(JSON.stringify(result))
    return JSON.parse(result.output)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.kind.close()
  }
}
