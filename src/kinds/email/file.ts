import { detectExtension } from 'nodemailer/lib/mime-funcs'
import type { EndedTask } from '../kind.ts'

const anything = 'application/octet-stream'

/** A media type and its charset, out of a `content-type` (RFC 9110, section 8.3.1). */
const known =
  /^\s*([\w!#$&^.+-]{1,100}\/[\w!#$&^.+-]{1,100})\s*(?:;\s*charset="?([\w.:-]{1,50})"?\s*)?(?:;|$)/i

/**
 * What a mail may say of a body that came with this `content-type`: its type and charset. It comes from a stranger, so
 * what cannot be read, and what would be parts or a message of its own, is only bytes.
 */
export const mediaTypeOf = (contentType: string): string => {
  const [, type, charset] = known.exec(contentType) ?? []
  if (type === undefined || isComposite(type)) return anything
  return charset === undefined ? type.toLowerCase() : `${type.toLowerCase()}; charset=${charset}`
}

/** Whether a media type is of parts, which need a boundary and could end the message early, or of a message. */
export const isComposite = (type: string): boolean => /^\s*(multipart|message)\//i.test(type)

/** The key of the task, with the extension of the media type if it has none of its own; `task-3` has no key. */
export const filenameOf = ({ key, index }: Pick<EndedTask, 'key' | 'index'>, type: string): string => {
  const name = key ?? `task-${index}`
  if (/\.\w{1,10}$/.test(name)) return name
  const extension = detectExtension(type.replace(/;.*/, ''))
  // What nodemailer does not know is "bin" or "*".
  return /^(bin|\W.*)$/.test(extension) ? name : `${name}.${extension}`
}
