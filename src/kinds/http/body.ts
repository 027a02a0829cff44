import { type ContentType, contentTypeOf } from './content-type.ts'

/**
 * The text of a response body, decompressed and decoded: by the charset of its type if that is known, else as UTF-8. Where the
 * body has more bytes than were asked for, and the connection was closed, it is the beginning, as `cut`.
 */
export type Body = string | { cut: string }

export const textOf = (body: Body): string => (typeof body === 'string' ? body : body.cut)

/** Reads at most `most` bytes of the body. Rejects when the connection breaks. */
export const readBody = (response: Response, most: number): Promise<Body> => {
  const length = declaredLength(response)
  // The connection is read by that length, so no more can come: no need for a stream, which would cost a few µs.
  const { charset } = contentTypeOf(response)
  if (length !== undefined && length <= most && charset === 'utf-8') return response.text()
  return response.body ? readStream(response.body.getReader(), most, charset) : Promise.resolve('')
}

const readStream = async (
  reader: ReadableStreamDefaultReader<Uint8Array>,
  most: number,
  charset: ContentType['charset'],
): Promise<Body> => {
  const chunks: Uint8Array[] = []
  let size = 0
  while (true) {
    const { value, done } = await reader.read()
    if (done) return decode(chunks, charset)
    chunks.push(value)
    size += value.byteLength
    if (size > most) {
      await reader.cancel()
      return { cut: decode(chunks, charset) }
    }
  }
}

/**
 * How many bytes the body has, if that is known before it is read. A compressed one may have any number, and so may a
 * chunked one, whatever length it claims besides (RFC 9112, section 6.3).
 */
const declaredLength = ({ headers }: Response): number | undefined => {
  const length = headers.get('content-length')
  if (length === null || headers.has('content-encoding') || headers.has('transfer-encoding')) return undefined
  return Number(length)
}

const decode = (chunks: readonly Uint8Array[], charset: ContentType['charset']): string =>
  new TextDecoder(charset).decode(Buffer.concat(chunks))
