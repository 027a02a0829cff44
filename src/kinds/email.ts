import { checkEmail } from './email/check.ts'
import { failureOf, rejectionsOf } from './email/failure.ts'
import { EmailInput } from './email/input.ts'
import { messageOf } from './email/message.ts'
import { replyCleaner } from './email/reply.ts'
import type { SmtpSettings } from './email/smtp.ts'
import { openTransport, type TransportOptions } from './email/transport.ts'
import type { Kind, RunContext, RunResult } from './kind.ts'
import { aborted, failed, failedForGood, succeeded } from './results.ts'

export { EmailInput } from './email/input.ts'

const defaultTimeoutMs = 60_000

/** A kind that holds connections, until it is closed. */
export interface EmailKind extends Kind<'email', typeof EmailInput> {
  /** Cuts every connection, whatever is being sent over it. May be called again. */
  close(): Promise<void>
}

type Send = (input: EmailInput, context: RunContext) => Promise<RunResult>

/** The kind that sends through this server; without one, its tasks are refused. Connects to it for a task, not before. */
export const createEmail = (smtp: SmtpSettings | undefined, options: TransportOptions = {}): EmailKind => {
  const sender = smtp && createSender(smtp, options)
  return {
    name: 'email',
    input: EmailInput,
    timeoutMs: () => defaultTimeoutMs,
    queue: () => 'email',
    check: (input, at) => checkEmail(input, at, smtp),
    run: (input, context) => sender?.send(input, context) ?? noServer,
    close: async () => sender?.close(),
  }
}

const noServer = failedForGood(
  'smtp_refused',
  'This server sends no mail: the setting SHEAF_SMTP is not set.',
)
const noSender = failedForGood('smtp_refused', 'The message has no sender, and SHEAF_SMTP names none.')
const closed = failed('connect_failed', 'The connections to the SMTP server are closed.')

const createSender = (smtp: SmtpSettings, options: TransportOptions) => {
  const transport = openTransport(smtp, options)
  const clean = replyCleaner(smtp)
  const closing = new AbortController()
  const sending = new Set<Promise<RunResult>>()

  const attempt: Send = async (input, { idempotencyKey, signal }) => {
    const message = messageOf(input, smtp, idempotencyKey)
    if (!message) return noSender
    try {
      const sent = await transport.sendMail({ ...message, signal: AbortSignal.any([signal, closing.signal]) })
      const { messageId, accepted, rejectedErrors = [], response } = sent
      const rejected = rejectionsOf(rejectedErrors, clean)
      return succeeded(JSON.stringify({ messageId, accepted, rejected, response: clean(response) }))
    } catch (error) {
      if (signal.aborted) return aborted
      if (closing.signal.aborted) return closed
      const failure = failureOf(error, clean)
      if (!failure) throw error
      return failure
    }
  }

  const send: Send = async (input, context) => {
    if (closing.signal.aborted) return closed
    const result = attempt(input, context)
    sending.add(result)
    try {
      return await result
    } finally {
      sending.delete(result)
    }
  }

  const close = async () => {
    closing.abort()
    await Promise.allSettled(sending)
    transport.close({ force: true })
  }
  return { send, close }
}
