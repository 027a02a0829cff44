/** Every `code` that a problem (an HTTP error) can carry, with its status and title. */
export const problemCodes = {
  malformed: [400, 'The request cannot be read'],
  unauthorized: [401, 'A token is needed'],
  forbidden: [403, 'Not allowed'],
  not_found: [404, 'Not found'],
  method_not_allowed: [405, 'The method does not exist here'],
  not_acceptable: [406, 'The answer has no such form'],
  conflict: [409, 'The state does not allow this'],
  idempotency_pending: [409, 'The request that used the idempotency key first still comes in'],
  gone: [410, 'No longer kept'],
  range_not_satisfiable: [416, 'The range is not within the body'],
  too_large: [413, 'The body is too large'],
  unsupported_media_type: [415, 'The content type is not supported'],
  invalid: [422, 'A value is not allowed'],
  idempotency_mismatch: [422, 'The idempotency key belongs to another request'],
  upgrade_required: [426, 'A WebSocket is needed here'],
  quota_exceeded: [429, 'Too many tasks of this token wait'],
  internal: [500, 'Sheaf failed'],
  too_many_queued: [503, 'Too many tasks wait'],
  unavailable: [503, 'Not available at the moment'],
} as const satisfies Record<string, readonly [status: number, title: string]>

export type ProblemCode = keyof typeof problemCodes

/** Every `code` that the error of a task or a job can carry, and what it says. */
export const errorCodes = {
  cancelled: 'The task was cancelled before it ended.',
  timeout: 'The attempt, or the whole job, took longer than its timeoutMs.',
  rescued_too_often: 'The server died each time it ran this task.',
  task_failed: 'A task failed, and with it the job.',
  too_few_succeeded: 'Fewer tasks succeeded than the quorum.',
  dependency_failed: 'A task that this one comes after did not succeed.',
  template_failed: 'A placeholder of the task leads to nothing, or to what may not stand there.',
  output_too_large: 'The output is larger than the server keeps.',
  output_not_json: 'The handler returned what JSON cannot express.',
  handler_not_found: 'This server has no handler of that name.',
  handler_failed: 'The handler threw.',
  handler_crashed: 'The thread or the process of the handler ended before the handler did.',
  memory_exceeded: 'The process of the handler took more memory than it may.',
  invalid_input: 'The input does not fit, once its placeholders are replaced, or its handler refused it.',
  artifact_failed: 'The response body could not be saved.',
  redirect_failed: 'The redirect leads nowhere, or there were more of them than allowed.',
  unexpected_body: 'The response has another body than the task expects.',
  egress_refused: 'The request would go where no request may go; nothing was sent.',
  dns_failed: 'The host name could not be resolved.',
  connect_failed: 'No connection to the host could be made.',
  connection_lost: 'The connection broke before the response was complete.',
  tls_failed: 'The TLS handshake failed, or the certificate is not valid.',
  unexpected_status: 'The response had another status than the task expects.',
  response_too_large: 'The response body is larger than maxBytes.',
  invalid_response: 'The response could not be read as what it says it is.',
  sql_failed: 'The database did not run the query; its own code is in the details.',
  sql_refused: 'The source is read-only, forbids the query, or is not known to this server.',
  too_many_rows: 'The query returned more than maxRows rows, or more than maxBytes of them.',
  attachment_failed:
    'What another task should have saved for an attachment is not there or cannot be read, or all attachments are too large.',
  smtp_failed: 'The SMTP server did not take the message this time; its reply is in the details.',
  webhook_gone: 'The endpoint of the webhook answered 410 Gone, and is disabled.',
  webhook_disabled: 'The endpoint of the webhook is disabled; nothing was sent.',
  webhook_unsigned: 'This server has no secret to sign the webhook with.',
  smtp_refused: 'The SMTP server refused the message or the login for good, or this server sends no mail.',
  internal: 'Sheaf failed while running the task.',
} as const

export type ErrorCode = keyof typeof errorCodes

/** Why a task or a job did not succeed, as it is stored and shown. */
export interface Failure {
  code: ErrorCode
  message: string
  details?: Record<string, unknown>
}

/** A refusal of a request: the one error that leaves Sheaf's inside as an HTTP problem. */
export class Problem extends Error {
  override readonly name = 'Problem'
  readonly status: number

  constructor(
    readonly code: ProblemCode,
    readonly detail: string,
    readonly extensions: Record<string, unknown> = {},
  ) {
    super(detail)
    this.status = problemCodes[code][0]
  }
}

/** `Expected "timeoutMs" between 1 and 86400000, got -5.` */
export const expected = (field: string, allowed: string, got: unknown): string =>
  `Expected "${field}" ${allowed}, got ${show(got)}.`

/** A value as it reads in a message: JSON, cut to a length that cannot flood a log. Takes any value without a throw. */
export const show = (value: unknown): string => {
  const text = textOf(value)
  return (text.length > 80 ? `${text.slice(0, 77)}…` : text).toWellFormed()
}

const textOf = (value: unknown): string => {
  if (value === undefined) return 'nothing'
  // JSON writes NaN and Infinity as null, and throws at a bigint.
  if (typeof value === 'number' || typeof value === 'bigint') return String(value)
  try {
    return JSON.stringify(value) ?? String(value)
  } catch {
    return 'a value that JSON cannot express'
  }
}
