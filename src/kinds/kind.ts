import type { Static, TObject } from '@sinclair/typebox'
import type { Failure } from '../job/errors.ts'
import type { FieldError } from '../job/explain.ts'
import type { Limits } from '../job/queues.ts'
import type { RetryPolicy } from '../job/retry.ts'
import type { TaskRecord } from '../store/store.ts'

/**
 * What a task does. A kind is one file that exports one of these; everything else (claims, retries, timeouts, events)
 * is the same for all kinds and lives in the engine.
 */
export interface Kind<Name extends string = string, Input extends TObject = TObject> {
  name: Name
  /** The fields of a task of this kind, beside those that every task has. */
  input: Input
  /** Those of its fields in which no placeholder may stand: their text is taken as it is. */
  literal?: readonly string[]
  /**
   * Those that hold a URL, in which values are encoded. What `check` and `queue` say of an input depends on no more of it than
   * where it leads.
   */
  urls?: readonly string[]
  /** How long an attempt may take when neither the task nor its job says, in milliseconds. */
  timeoutMs(input: Static<Input>): number
  /** How its tasks are retried, where neither they nor their job say. Default: as those of any kind. */
  retry?: Partial<RetryPolicy>
  /** The queue of a task that names none. Only for an input that `check` found nothing wrong with. */
  queue(input: Static<Input>): string
  /** What its queues allow, by name, unless something else is set for them: what it can run at once. Default: everything. */
  queues?: Readonly<Record<string, Limits>>
  /** What is wrong with the input beyond what the schema can say; `at` is the path of the task in the request. */
  check?(input: Static<Input>, at: string): readonly FieldError[]
  /**
   * The tasks whose saved bodies an input asks for. At submit they have to be such as save one, and this task has to come
   * after them. Placeholders may stand anywhere in the input.
   */
  artifacts?(input: Static<Input>, at: string): readonly ArtifactUse[]
  /**
   * That nothing of a run that succeeded holds its signal any more. Then that is not aborted at the end, and may serve another
   * attempt. Default: something may go on until it is told.
   */
  letsGoOfSignal?: boolean
  run(input: Static<Input>, context: RunContext): RunResult | Promise<RunResult>
  /** Gives up what it holds: connections, threads, processes. May be called again. */
  close?(): Promise<void>
}

/** Where an input names a task, by key or index, for what it saved. */
export interface ArtifactUse {
  task: string | number
  field: string
}

/** How an attempt ended, as a value. A throw out of `run` is a bug of the kind, and fails the task with `internal`. */
export type RunResult =
  /** `output` is JSON text, on one line. */
  | { type: 'succeeded'; output: string }
  | { type: 'failed'; error: Failure; retryable: boolean }
  /** Run again after the delay, without spending an attempt. */
  | { type: 'snoozed'; delayMs: number }

/** A task that has ended, as another one of its job sees it. */
export type EndedTask = Pick<TaskRecord, 'index' | 'key' | 'kind' | 'state' | 'attempt' | 'output'>

export interface RunContext {
  job: string
  index: number
  key: string | undefined
  /** Numbered from 1. */
  attempt: number
  /** How long the task was snoozed before, in all, in milliseconds. */
  waitedMs: number
  /** The same for every attempt of this task, and for no other task. */
  idempotencyKey: string
  /** Aborted when the attempt ends: by its result, its timeout, because it is cancelled, or because the server stops. */
  readonly signal: AbortSignal
  /** Runs `action` after `ms` unless the attempt has ended; returns what calls it off. */
  after(ms: number, action: () => void): () => void
  /** A task that this one comes after, by key or index; undefined if it comes after no such task. */
  dependency(task: string | number): Promise<EndedTask | undefined>
  progress(progress: Progress): void
  log(message: string, fields?: Record<string, unknown>): void
  /** Tells the task's queue what its upstream says of how much it takes; heeded for all jobs. */
  upstream(news: UpstreamNews): void
}

/** What an upstream says about the load that it takes. */
export interface UpstreamNews {
  /** To be left alone for so long, in milliseconds, and why: `429 with Retry-After`. */
  pause?: { ms: number; why: string }
  /** Its quota: so many in all (a window of `perMs`, if it says how long), so many of them left, until a reset in `resetMs`. */
  quota?: {
    limit: number | undefined
    perMs: number | undefined
    remaining: number | undefined
    resetMs: number | undefined
  }
  /** That it is overloaded (429, 503): what adapts, backs off. */
  overloaded?: boolean
}

export interface Progress {
  done: number
  total?: number
  message?: string
}
