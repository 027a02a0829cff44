import type { ErrorCode, ProblemCode } from '../job/errors.ts'
import type { JobView, ResultView } from '../job/wire.ts'

/** What can go wrong on this side. */
export type ClientCode =
  /** For as long as it was tried, the server was not reached, or was not ready. */
  | 'unreachable'
  /** The answer is none of Sheaf's: something else listens there, or stands in between. */
  | 'unexpected_answer'
  /** There is no WebSocket here, and nothing else will do. */
  | 'unsupported'
  /** `close()` was called. */
  | 'closed'

/** Those that are known now; a newer server may know more. */
type Code = ProblemCode | ErrorCode | ClientCode | (string & Record<never, never>)

export interface FieldError {
  field: string
  message: string
}

interface Circumstances {
  /** The HTTP status, of a request that was refused. */
  status?: number
  /** What is wrong with each field, of a request that was refused for that. */
  errors?: readonly FieldError[]
  cause?: unknown
}

/** Why something could not be had from the server. `code` is stable, for programs. */
export class SheafError extends Error {
  override readonly name: string = 'SheafError'
  declare readonly status?: number
  declare readonly errors?: readonly FieldError[]

  constructor(
    readonly code: Code,
    message: string,
    { cause, ...circumstances }: Circumstances = {},
  ) {
    super(message, cause === undefined ? {} : { cause })
    Object.assign(this, circumstances)
  }
}

type FailureView = NonNullable<ResultView['error']>

/** A task that did not succeed: what `Promise.all` would reject with. */
export class TaskError extends SheafError {
  override readonly name = 'TaskError'
  readonly details: Readonly<Record<string, unknown>>
  readonly index: number
  readonly key: string | undefined

  constructor(
    /** The id of the job. */
    readonly job: string,
    { index, key, error = untold }: { index: number; key?: string; error?: FailureView },
  ) {
    super(error.code, error.message)
    this.details = error.details ?? {}
    this.index = index
    this.key = key
  }
}

/** A job that ended for a reason of its own: somebody cancelled it, or it took longer than its `timeoutMs`. */
export class JobError extends SheafError {
  override readonly name = 'JobError'
  readonly details: Readonly<Record<string, unknown>>
  /** The id of the job. */
  readonly job: string

  constructor(
    /** The job as it was when its outcome was decided. */
    readonly snapshot: JobView,
  ) {
    const { id, error = untold } = snapshot
    super(error.code, error.message)
    this.details = error.details ?? {}
    this.job = id
  }
}

const untold: FailureView = {
  code: 'internal',
  message: 'It did not succeed, and the server does not say why.',
}
