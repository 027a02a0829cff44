import type { SendMailOptions } from 'nodemailer'
import type { EmailOptions } from '../email.ts'
import type { RunContext, RunResult } from '../kind.ts'
import { aborted, failedForGood, succeeded } from '../results.ts'
import { type Attach, findAttachments, isSpent } from './attach.ts'
import { closed, failureOf, rejectionsOf } from './failure.ts'
import type { EmailInput } from './input.ts'
import { messageOf } from './message.ts'
import { replyCleaner } from './reply.ts'
import type { SmtpSettings } from './smtp.ts'
import { openTransport } from './transport.ts'
import { AttachmentFailed } from './unattached.ts'

type Send = (input: EmailInput, context: RunContext) => Promise<RunResult>

/** What hands messages over to a server, until it is closed. */
export interface Sender {
  send: Send
  /** Cuts every connection, whatever is being sent over it. May be called again. */
  close(): Promise<void>
}

const noSender = failedForGood('smtp_refused', 'The message has no sender, and SHEAF_SMTP names none.')

export const createSender = (smtp: SmtpSettings, { artifacts, ...options }: EmailOptions): Sender => {
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
