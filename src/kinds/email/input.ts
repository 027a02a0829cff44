import { type Static, type TUnsafe, Type } from '@sinclair/typebox'
import { recordOf, worded } from '../../job/explain/words.ts'
import { strict, Text } from '../../job/fields.ts'
import { limits } from '../../job/limits.ts'
import { Index, Key } from '../../job/spec.ts'

/** What every SMTP server takes at least (RFC 5321, section 4.5.3.1.8). */
export const mostRecipients = 100

/**
 * How many bytes the attachments of a message may have in all, before they are encoded: as much as one saved body may have
 * by default. Most mail servers take less, and say so themselves (`smtp_refused`).
 */
export const mostAttachedBytes = 104_857_600

/** Whether it is one is for {@link checkEmail} to say, which also sees what templates make of it. */
const Address = Text(1, 500)

const Addresses = (description: string) =>
  Type.Union([Address, Type.Array(Address, { minItems: 1, maxItems: mostRecipients })], { description })

/** A field name by RFC 5322, section 2.2. */
const HeaderName = worded('a header name', Type.String({ pattern: '^[!-9;-~]{1,76}$' }))

export interface Named {
  filename: string
  contentType?: string
}

/** One whose content is in the task itself. */
type InlineAttachment = Named &
  ({ text: string; base64?: never; artifact?: never } | { base64: string; text?: never; artifact?: never })

/** One that another task of the job saved. */
export interface ArtifactAttachment extends Partial<Named> {
  /** The key or index of that task. */
  artifact: string | number
  text?: never
  base64?: never
}

/** For schemas all of them are one object, of which {@link checkEmail} says in words what it lacks. */
export type Attachment = InlineAttachment | ArtifactAttachment

const one = Type.Object(
  {
    filename: Type.Optional(
      Text(1, 200, {
        description:
          'What the file is called for who gets it; of an artifact by default the key of its task, or `task-` and its index, with an extension.',
      }),
    ),
    contentType: Type.Optional(
      worded(
        'a media type such as "text/csv; charset=utf-8"',
        Type.String({
          pattern: '^[\\w!#$&^.+-]{1,100}/[\\w!#$&^.+-]{1,100}(; ?[\\w-]{1,50}=[\\w!#$&^.+-]{1,100}){0,5}$',
          description:
            'The media type; by default what the name of the file says, or for an artifact what it came with.',
        }),
      ),
    ),
    text: Type.Optional(Type.String({ description: 'The content, to be sent as UTF-8.' })),
    base64: Type.Optional(
      worded(
        'base64 (RFC 4648, section 4)',
        Type.String({ pattern: '^[A-Za-z0-9+/]*={0,2}$', description: 'The content, as base64.' }),
      ),
    ),
    artifact: Type.Optional(
      Type.Union([Key, Index], {
        description:
          'The key or index of an `http` task of this job with `save: true`, named in `after`: the body that it saved is the content.',
      }),
    ),
  },
  {
    ...strict,
    description: `A file to send along; its content is exactly one of \`text\`, \`base64\` and \`artifact\`. The attachments of a message may have ${mostAttachedBytes} bytes in all.`,
  },
)

const Attachment: TUnsafe<Attachment> = Type.Unsafe<Attachment>(one)

export const EmailInput = Type.Object(
  {
    to: Addresses('An address, such as `ada@example.com` or `Ada <ada@example.com>`, or several.'),
    cc: Type.Optional(Addresses('Who gets a copy.')),
    bcc: Type.Optional(Addresses('Who gets a copy that the others do not know of.')),
    from: Type.Optional(
      Text(1, 500, { description: 'The address of the sender; by default the one in SHEAF_SMTP.' }),
    ),
    replyTo: Type.Optional(Addresses('Where answers go, if not to the sender.')),
    subject: Text(0, 998),
    text: Type.Optional(Type.String({ description: 'The message as plain text.' })),
    html: Type.Optional(
      Type.String({ description: 'The message as HTML; with `text` too, readers choose between them.' }),
    ),
    headers: Type.Optional(
      recordOf(HeaderName, Text(0, limits.headerLength), {
        maxProperties: limits.headers,
        description: 'Headers beside those that the other fields make.',
      }),
    ),
    attachments: Type.Optional(Type.Array(Attachment, { maxItems: 100 })),
  },
  {
    ...strict,
    description:
      'Sends an e-mail through the server of SHEAF_SMTP; its output is `{messageId, accepted, rejected, response}`.',
  },
)

export type EmailInput = Static<typeof EmailInput>
