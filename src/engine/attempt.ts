import type { Clock } from '../clock.ts'
import type { Failure } from '../job/errors.ts'
import { defaultRetry, mayRetry, type RetryPolicy, retryDelay } from '../job/retry.ts'
import { hasPlaceholders } from '../job/template/placeholder.ts'
import type { EndedTask, Kind, Progress, RunContext, RunResult, UpstreamNews } from '../kinds/kind.ts'
import { redact, resolveInput, type Sources } from '../kinds/resolve.ts'
import type { AttemptResult, Claim, TaskDefaults } from '../store/store.ts'
import { giveBackController, takeController } from './controllers.ts'
import type { Action, Timers } from './timers.ts'

/** Why an attempt is ended from outside. */
export type Interruption = 'cancel' | 'release'

export interface AttemptHost {
  clock: Clock
  /** Runs what is due later. */
  timers: Pick<Timers, 'after'>
  /** The longest output that is kept, in bytes of JSON. */
  maxOutputBytes: number
  /** Where what placeholders stand for is found. */
  sourcesOf(claim: Claim): Sources
  /** A task that the claimed one comes after, by key or index. */
  dependency(claim: Claim, task: string | number): Promise<EndedTask | undefined>
  progress(claim: Claim, progress: Progress): void
  upstream(claim: Claim, news: UpstreamNews): void
  log(claim: Claim, level: 'debug' | 'error', message: string, fields?: Record<string, unknown>): void
  /** Called exactly once, when the attempt has ended however it did. */
  ended(attempt: Attempt, result: AttemptResult): void
}

/**
 * One run of a task, from claim to result. It ends once: by what the kind returns, by its timeout, or from outside;
 * what comes later from a kind that does not heed its signal is dropped.
 */
export class Attempt implements RunContext {
  #controller: AbortController | undefined
  #timers: (() => void)[] = []
  /** Values that the task was given and nobody may see: they are taken out of all that leaves it. */
  #secrets: readonly string[] = []
  #ended = false
  readonly startedAt: number

  constructor(
    readonly claim: Claim,
    readonly kind: Kind,
    readonly host: AttemptHost,
  ) {
    this.startedAt = host.clock.now()
  }

  get job() {
    return this.claim.jobId
  }
  get index() {
    return this.claim.index
  }
  get key() {
    return this.claim.key
  }
  get attempt() {
    return this.claim.attempt
  }
  get waitedMs() {
    return this.claim.waitedMs
  }
  get idempotencyKey() {
    return `${this.claim.jobId}-${this.claim.index}`
  }

  /** Made when first asked for: most no-op work never asks. */
  get signal(): AbortSignal {
    this.#controller ??= this.#ended ? new AbortController() : takeController()
    if (this.#ended) this.#controller.abort(ended)
    return this.#controller.signal
  }

  after(ms: number, action: Action): () => void {
    const cancel = this.host.timers.after(ms, action)
    if (this.#ended) cancel()
    else this.#timers.push(cancel)
    return cancel
  }

  dependency(task: string | number): Promise<EndedTask | undefined> {
    return this.host.dependency(this.claim, task)
  }

  progress(progress: Progress): void {
    if (!this.#ended) this.host.progress(this.claim, this.#redacted(progress))
  }

  upstream(news: UpstreamNews): void {
    this.host.upstream(this.claim, news)
  }

  log(message: string, fields?: Record<string, unknown>): void {
    this.host.log(this.claim, 'debug', this.#redacted(message), this.#redacted(fields))
  }

  run(): void {
    const { input, template } = this.claim
    if (template === undefined && !hasPlaceholders(input)) this.#runWith(() => JSON.parse(input))
    else this.#resolve().catch((error) => this.#crash(error))
  }

  async #resolve(): Promise<void> {
    const resolved = await resolveInput({ ...this.claim, kind: this.kind }, this.host.sourcesOf(this.claim))
    if (this.#ended) return
    if ('error' in resolved) {
      this.#finish({ type: 'failed', error: resolved.error, retryable: false })
      return
    }
    this.#secrets = resolved.secrets
    this.#runWith(() => resolved.input)
  }

  /** `read` gives what was validated, when it was submitted or resolved: the kind's own type of input. */
  #runWith(read: () => unknown): void {
    let result: RunResult | Promise<RunResult>
    let timeoutMs: number
    try {
      const input = read() as never
      timeoutMs = this.#options().timeoutMs ?? this.claim.defaults.timeoutMs ?? this.kind.timeoutMs(input)
      result = this.kind.run(input, this)
    } catch (error) {
      this.#crash(error)
      return
    }
    if (!(result instanceof Promise)) {
      this.#finish(result)
      return
    }
    this.#limit(timeoutMs)
    result.then(
      (value) => this.#finish(value),
      (error) => this.#crash(error),
    )
  }

  /**
   * Times it out. If the event loop stood still meanwhile, the result may be there and not yet read: as long as the timer
   * is late, it waits once more, though at most for a second.
   */
  #limit(timeoutMs: number): void {
    const timeOut = () => this.#finish(timedOut(timeoutMs))
    this.after(timeoutMs, (lateMs) => {
      if (lateMs < leastLateMs) timeOut()
      else this.after(Math.min(lateMs, mostGraceMs), timeOut)
    })
  }

  /** Ends it from outside; does nothing when it has ended. */
  interrupt(why: Interruption): void {
    this.#end(interrupted(why))
  }

  #finish(result: RunResult): void {
    if (this.#ended) return
    if (result.type === 'succeeded' && this.kind.letsGoOfSignal) this.#giveBackSignal()
    this.#end(this.#resultOf(result))
  }

  #giveBackSignal(): void {
    if (this.#controller === undefined) return
    giveBackController(this.#controller)
    this.#controller = undefined
  }

  #resultOf(result: RunResult): AttemptResult {
    switch (result.type) {
      case 'succeeded': {
        const { maxOutputBytes } = this.host
        // A string of n UTF-16 units has at most 3n bytes: most outputs need no count.
        if (result.output.length * 3 <= maxOutputBytes || Buffer.byteLength(result.output) <= maxOutputBytes)
          return { type: 'succeeded', output: this.#redactedJson(result.output) }
        return this.#failed(outputTooLarge(maxOutputBytes), false)
      }
      case 'failed':
        return this.#failed(this.#redacted(result.error), result.retryable)
      case 'snoozed':
        return { type: 'snooze', runAt: this.host.clock.now() + result.delayMs }
      default:
        return result satisfies never
    }
  }

  #failed(error: Failure, retryable: boolean): AttemptResult {
    const policy: RetryPolicy = {
      ...defaultRetry,
      ...this.kind.retry,
      ...this.claim.defaults.retry,
      ...this.#options().retry,
    }
    const failures = this.claim.failures + 1
    if (!retryable || !mayRetry(policy, failures)) return { type: 'failed', error }
    const { clock } = this.host
    return { type: 'retry', error, runAt: clock.now() + retryDelay(policy, failures, clock.random()) }
  }

  #options(): TaskDefaults {
    // Written by Sheaf when the task was submitted, after validation.
    return this.claim.options === undefined ? {} : (JSON.parse(this.claim.options) as TaskDefaults)
  }

  #redacted<T>(value: T): T {
    if (this.#secrets.length === 0 || value === undefined) return value
    return JSON.parse(this.#redactedJson(JSON.stringify(value))) as T
  }

  #redactedJson(text: string): string {
    return this.#secrets.length === 0 ? text : redact(text, this.#secrets)
  }

  /** A throw out of a kind is a bug: it is logged whole, and the task shows nothing of its inside. */
  #crash(error: unknown): void {
    if (this.#ended) return
    this.host.log(this.claim, 'error', 'A kind threw', {
      kind: this.claim.kind,
      error: this.#secrets.length === 0 ? error : this.#redacted(String(error)),
    })
    this.#finish({
      type: 'failed',
      error: { code: 'internal', message: 'Sheaf failed while running the task.' },
      retryable: true,
    })
  }

  #end(result: AttemptResult): void {
    if (this.#ended) return
    this.#ended = true
    for (const cancel of this.#timers) cancel()
    this.#controller?.abort(ended)
    this.host.ended(this, result)
  }
}

/** A timer that is later than this, in milliseconds, comes of an event loop that stood still. */
const leastLateMs = 100
const mostGraceMs = 1_000

/** The reason of every abort: without one, each would make an error with a stack of its own, for 2 µs. */
const ended = new DOMException('The attempt has ended.', 'AbortError')

export const interrupted = (why: Interruption): AttemptResult =>
  why === 'release'
    ? { type: 'release' }
    : { type: 'cancelled', error: { code: 'cancelled', message: 'The job stopped while this task ran.' } }

const timedOut = (timeoutMs: number): RunResult => ({
  type: 'failed',
  error: { code: 'timeout', message: `The attempt took longer than its timeoutMs of ${timeoutMs}.` },
  retryable: true,
})

const outputTooLarge = (most: number): Failure => ({
  code: 'output_too_large',
  message: `The output is longer than ${most} bytes of JSON.`,
})
