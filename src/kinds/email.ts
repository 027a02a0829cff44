import type { SendMailOptions } from 'nodemailer'
import { artifactUses } from './email/artifacts.ts'
import { type Attach, findAttachments, isSpent } from './email/attach.ts'
import { checkEmail } from './email/check.ts'
import { failureOf, rejectionsOf } from './email/failure.ts'
import { EmailInput } from './email/input.ts'
import { messageOf } from './email/message.ts'
import { replyCleaner } from './email/reply.ts'
import type { SmtpSettings } from './email/smtp.ts'
import { openTransport, type TransportOptions } from './email/transport.ts'
import { AttachmentFailed } from './email/unattached.ts'
import type { Artifacts } from './http/artifacts.ts'
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

export interface EmailOptions extends TransportOptions {
  /** Where `http` tasks save what is attached. Default: nowhere. */
  artifacts?: Artifacts | undefined
}

/** The kind that sends through this server; without one, its tasks are refused. Connects to it for a task, not before. */
export const createEmail = (smtp: SmtpSettings | undefined, options: EmailOptions = {}): EmailKind => {
  const sender = smtp && createSender(smtp, options)
  return {
    name: 'email',
    input: EmailInput,
    timeoutMs: () => defaultTimeoutMs,
    queue: () => 'email',
    // More would wait for a connection, and its timeout would run meanwhile.
    ...(smtp && { queues: { email: { concurrency: smtp.pool } } }),
    check: (input, at) => checkEmail(input, at, smtp),
    artifacts: artifactUses,
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

const createSender = (smtp: SmtpSettings, { artifacts, ...options }: EmailOptions) => {
  const transport = openTransport(smtp, options)
  const clean = replyCleaner(smtp)
  const closing = new AbortController()
  const sending = new Set<Promise<RunResult>>()

  /** Once more with new streams, if the first were lost with a kept connection that the server had closed meanwhile. */
  const hand = (message: SendMailOptions, attach: Attach) => {
    const give = () => transport.sendMail({ ...message, attachments: attach() })
    return give().catch((error: unknown) => {
      if (isSpent(error)) return give()
      throw error
    })
  }

  const attempt: Send = async (input, context) => {
    const message = messageOf(input, smtp, context.idempotencyKey)
    if (!message) return noSender
    const { signal } = context
    try {
      const attach = await findAttachments(input, context, artifacts)
      const sent = await hand({ ...message, signal: AbortSignal.any([signal, closing.signal]) }, attach)
      const { messageId, accepted, rejectedErrors = [], response } = sent
      const rejected = rejectionsOf(rejectedErrors, clean)
      return succeeded(JSON.stringify({ messageId, accepted, rejected, response: clean(response) }))
    } catch (error) {
      if (signal.aborted) return aborted
      if (closing.signal.aborted) return closed
      if (error instanceof AttachmentFailed) return error.result
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
