import { type FieldError, unexpected } from '../../job/explain.ts'
import { readMailbox } from './address.ts'
import { isComposite } from './file.ts'
import { type EmailInput, mostRecipients } from './input.ts'
import type { SmtpSettings } from './smtp.ts'

/** What the other fields make, and what would contradict how the message is built. */
const made = /^(from|sender|to|cc|bcc|reply-to|subject|date|message-id|mime-version|return-path|content-.*)$/i

const addressed = ['to', 'cc', 'bcc', 'from', 'replyTo'] as const

/** What is wrong with the task at the path `at`, beyond its schema. */
export const checkEmail = (
  input: EmailInput,
  at: string,
  smtp: SmtpSettings | undefined,
): readonly FieldError[] => {
  if (!smtp) {
    const field = `${at}.kind`
    const message = `Expected "${field}" other than "email", because this server sends no mail: the setting SHEAF_SMTP is not set.`
    return [{ field, message }]
  }
  return [
    ...addressed.flatMap((name) => addressErrors(input[name], `${at}.${name}`)),
    ...countErrors(input, at),
    ...senderErrors(input, at, smtp),
    ...bodyErrors(input, at),
    ...headerErrors(input, at),
    ...(input.attachments ?? []).flatMap((one, index) =>
      attachmentErrors(one, `${at}.attachments[${index}]`),
    ),
  ]
}

const addressErrors = (value: string | readonly string[] | undefined, field: string): FieldError[] => {
  if (value === undefined) return []
  if (typeof value !== 'string')
    return value.flatMap((one, index) => addressErrors(one, `${field}[${index}]`))
  if (readMailbox(value)) return []
  return [unexpected(field, 'to be one e-mail address, with or without a name', value)]
}

const countErrors = ({ to, cc = [], bcc = [] }: EmailInput, at: string): FieldError[] => {
  const count = [to, cc, bcc].flat().length
  if (count <= mostRecipients) return []
  const field = `${at}.to`
  const message = `Expected "${field}", "cc" and "bcc" with at most ${mostRecipients} addresses in all, got ${count}.`
  return [{ field, message }]
}

const senderErrors = ({ from }: EmailInput, at: string, smtp: SmtpSettings): FieldError[] => {
  if (from !== undefined || smtp.from) return []
  const field = `${at}.from`
  const message = `Expected "${field}" to be an e-mail address, got nothing, and SHEAF_SMTP names no sender ("?from=…").`
  return [{ field, message }]
}

const bodyErrors = ({ text, html }: EmailInput, at: string): FieldError[] =>
  text === undefined && html === undefined
    ? [unexpected(`${at}.text`, 'to be a string, unless there is "html"', text)]
    : []

const headerErrors = ({ headers = {} }: EmailInput, at: string): FieldError[] =>
  Object.keys(headers)
    .filter((name) => made.test(name))
    .map((name) => ({
      field: `${at}.headers`,
      message: `Expected "${at}.headers" without "${name}", which follows from the other fields.`,
    }))

/** What an attachment may be before any of this is checked. */
interface Unchecked {
  filename?: string
  contentType?: string
  text?: string
  base64?: string
  artifact?: string | number
}

const contents = ['text', 'base64', 'artifact'] as const

const attachmentErrors = (attachment: Unchecked, at: string): FieldError[] => {
  const { filename, contentType, base64, artifact } = attachment
  const errors: FieldError[] = []
  const given = contents.filter((name) => attachment[name] !== undefined)
  if (given.length !== 1) {
    const got = given.map((name) => `"${name}"`).join(' and ') || 'none of them'
    const message = `Expected "${at}" to have one of "text", "base64" and "artifact", got ${got}.`
    errors.push({ field: at, message })
  }
  if (filename === undefined && artifact === undefined)
    errors.push(unexpected(`${at}.filename`, 'to be a string, unless there is "artifact"', filename))
  if (base64 !== undefined && base64.length % 4 !== 0)
    errors.push(unexpected(`${at}.base64`, 'to be base64 (RFC 4648, section 4)', base64))
  if (contentType !== undefined && isComposite(contentType))
    errors.push(unexpected(`${at}.contentType`, 'to be of a single file', contentType))
  return errors
}
