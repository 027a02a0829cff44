import { show } from '../../job/errors.ts'
import { Refusal } from '../problem.ts'

/** A multipart body has parameters that only its parser understands; the others may say that they are UTF-8. */
const forms = {
  'application/json': /^application\/json\s*(;\s*charset="?utf-8"?\s*)?$/i,
  'application/x-ndjson': /^application\/x-ndjson\s*(;\s*charset="?utf-8"?\s*)?$/i,
  'multipart/form-data': /^multipart\/form-data\s*;/i,
} as const

export type MediaType = keyof typeof forms

/** Which of these types the body has. Throws a Problem that lists them if it has another. */
export const supportedType = <T extends MediaType>(headers: Headers, types: readonly T[]): T => {
  const given = headers.get('content-type')
  const type = given === null ? undefined : types.find((one) => forms[one].test(given))
  if (type !== undefined) return type
  throw new Refusal(
    'unsupported_media_type',
    `Expected "Content-Type" to be ${listed(types)}, got ${given === null ? 'none' : show(given)}.`,
    { accept: types.join(', ') },
  )
}

export const refuseEncoding = (headers: Headers): void => {
  const encoding = headers.get('content-encoding') ?? 'identity'
  if (encoding.toLowerCase() !== 'identity')
    throw new Refusal('unsupported_media_type', `Expected no "Content-Encoding", got ${show(encoding)}.`, {
      'accept-encoding': 'identity',
    })
}

/** `a, b or c` */
const listed = (names: readonly string[]): string =>
  names.length < 2 ? names.join() : `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`
