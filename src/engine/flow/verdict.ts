import type { ErrorCode } from '../../job/errors.ts'
import type { AttemptResult } from '../../store/store.ts'

/** What an error says of the upstream: that it is in trouble (false), or that it works (true). Of others, nothing is known. */
const verdicts: Partial<Record<ErrorCode, boolean>> = {
  timeout: false,
  dns_failed: false,
  connect_failed: false,
  connection_lost: false,
  tls_failed: false,
  smtp_failed: false,
  handler_failed: false,
  handler_crashed: false,
  memory_exceeded: false,
  unexpected_body: true,
  invalid_response: true,
  response_too_large: true,
  redirect_failed: true,
  smtp_refused: true,
  output_too_large: true,
  output_not_json: true,
}

/**
 * What the end of an attempt says of the upstream of its queue: true if it works, false if it is in trouble, undefined if
 * neither. A failure that another attempt may mend is trouble, also when it was the last attempt; an answer that the
 * task does not want, such as 404, is none.
 */
export const verdictOf = (result: AttemptResult): boolean | undefined => {
  switch (result.type) {
    case 'succeeded':
      return true
    case 'retry':
      return false
    case 'failed':
      return verdictOfFailure(result.error)
    case 'snooze':
    case 'release':
    case 'cancelled':
      return undefined
    default:
      return result satisfies never
  }
}

const verdictOfFailure = ({ code, details }: (AttemptResult & { type: 'failed' })['error']) => {
  if (code !== 'unexpected_status') return verdicts[code]
  const status = Number(details?.status)
  return status < 500 && status !== 408 && status !== 429
}
