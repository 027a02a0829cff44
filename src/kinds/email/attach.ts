import { Readable } from 'node:stream'
import type { SendMailOptions } from 'nodemailer'
import type { ArtifactId, Artifacts } from '../http/artifacts.ts'
import { type SavedBody, savedBy } from '../http/saved.ts'
import type { EndedTask, RunContext } from '../kind.ts'
import { filenameOf, mediaTypeOf } from './file.ts'
import { type ArtifactAttachment, type Attachment, type EmailInput, mostAttachedBytes } from './input.ts'
import { AttachmentFailed, tooLarge, unattached } from './unattached.ts'

type Attached = NonNullable<SendMailOptions['attachments']>[number]

/** Makes the attachments of one sending: a stream can be read only once. What nobody reads is never opened. */
export type Attach = () => Attached[]

/**
 * Finds what a message attaches, and none of it is read yet. Rejects with an {@link AttachmentFailed}; so does a stream
 * whose bytes are not there, or are others than were saved.
 */
export const findAttachments = async (
  { attachments = [] }: Pick<EmailInput, 'attachments'>,
  context: Pick<RunContext, 'job' | 'dependency'>,
  artifacts: Artifacts | undefined,
): Promise<Attach> => {
  const makers: (() => Attached)[] = []
  let total = 0
  for (const [position, attachment] of attachments.entries()) {
    if (attachment.artifact === undefined) {
      const made = inline(attachment)
      total += Buffer.byteLength(made.content)
      makers.push(() => made)
      continue
    }
    const found = await find(attachment, position, context)
    total += found.saved.bytes
    makers.push(() => streamed(found, artifacts))
  }
  if (total > mostAttachedBytes) throw tooLarge(total)
  return () => makers.map((make) => make())
}

/** Whether nodemailer came upon a stream of ours that it had begun to read for an earlier connection. */
export const isSpent = (error: unknown): boolean =>
  error instanceof Error && !(error instanceof AttachmentFailed) && Reflect.get(error, 'code') === 'ESTREAM'

const inline = ({ filename, contentType, text = '', base64 }: Exclude<Attachment, ArtifactAttachment>) => ({
  filename,
  content: base64 === undefined ? text : Buffer.from(base64, 'base64'),
  contentDisposition: 'attachment' as const,
  ...(contentType !== undefined && { contentType }),
})

interface Found {
  attachment: ArtifactAttachment
  /** Which of the attachments it is. */
  position: number
  task: EndedTask
  saved: SavedBody
  id: ArtifactId
}

const find = async (
  attachment: ArtifactAttachment,
  position: number,
  context: Pick<RunContext, 'job' | 'dependency'>,
): Promise<Found> => {
  const task = await context.dependency(attachment.artifact)
  if (!task) throw unattached('not_after', position, attachment.artifact)
  if (task.state !== 'succeeded') throw unattached('not_succeeded', position, attachment.artifact)
  const saved = savedBy(task)
  if (!saved) throw unattached('not_saved', position, attachment.artifact)
  const { index, attempt } = task
  return { attachment, position, task, saved, id: { job: context.job, index, attempt } }
}

const streamed = (found: Found, artifacts: Artifacts | undefined): Attached => {
  const { attachment, task, saved } = found
  const type = mediaTypeOf(saved.type)
  return {
    filename: attachment.filename ?? filenameOf(task, type),
    contentType: attachment.contentType ?? type,
    content: Readable.from(bytesOf(found, artifacts), { objectMode: false }),
    contentDisposition: 'attachment',
    // Bytes are sent as they are: no other encoding leaves line ends alone.
    contentTransferEncoding: 'base64',
  }
}

/** Reads from the first byte on when it is first asked for one, and lets go when nobody asks any more. */
async function* bytesOf(
  { attachment: { artifact }, position, saved, id }: Found,
  artifacts: Artifacts | undefined,
): AsyncGenerator<Uint8Array> {
  const hash = new Bun.CryptoHasher('sha256')
  try {
    const body = await artifacts?.read(id, 0, saved.bytes)
    if (!body) throw unattached('gone', position, artifact)
    for await (const chunk of body instanceof Blob ? body.stream() : body) {
      hash.update(chunk)
      yield chunk
    }
  } catch (error) {
    if (error instanceof AttachmentFailed) throw error
    throw unattached('unreadable', position, artifact, error)
  }
  if (hash.digest('hex') !== saved.sha256) throw unattached('changed', position, artifact)
}
