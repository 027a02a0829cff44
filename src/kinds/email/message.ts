import { domainToASCII } from 'node:url'
import type { SendMailOptions } from 'nodemailer'
import { type Mailbox, readMailbox } from './address.ts'
import type { EmailInput } from './input.ts'
import type { SmtpSettings } from './smtp.ts'

/**
 * The message of a task that {@link checkEmail} found nothing wrong with, without its attachments. Its Message-ID is the same on every attempt: who
 * gets it twice, because the reply to the first was lost, can tell.
 */
export const messageOf = (
  input: EmailInput,
  smtp: SmtpSettings,
  idempotencyKey: string,
): SendMailOptions | undefined => {
  const { subject, text, html, headers = {} } = input
  const from = input.from === undefined ? smtp.from : readMailbox(input.from)
  if (!from) return undefined
  return {
    from: { ...from },
    to: mailboxes(input.to),
    cc: mailboxes(input.cc),
    bcc: mailboxes(input.bcc),
    replyTo: mailboxes(input.replyTo),
    subject,
    messageId: `<${idempotencyKey}@${domainOf(from)}>`,
    headers: Object.entries(headers).map(([key, value]) => ({ key, value })),
    // An empty one would be left out, and with it the type of the message.
    ...(text !== undefined && { text: text || '\n' }),
    ...(html !== undefined && { html: html || '\n' }),
  }
}

const mailboxes = (value: string | readonly string[] = []): Mailbox[] =>
  [value].flat().flatMap((text) => readMailbox(text) ?? [])

const domainOf = ({ address }: Mailbox): string =>
  domainToASCII(address.slice(address.lastIndexOf('@') + 1)) || 'localhost'
