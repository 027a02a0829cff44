/** A response body, decompressed and decoded as UTF-8. */
export interface Body {
  text: string
  /** False when the body has more bytes than asked for: then the connection was closed, and `text` is its beginning. */
  whole: boolean
}

const empty: Body = { text: '', whole: true }

/** Reads at most `most` bytes of the body. Rejects when the connection breaks. */
export const readBody = async (response: Response, most: number): Promise<Body> => {
  if (!response.body) return empty
  const length = declaredLength(response)
  // The length is what the connection is read by, so a body cannot be longer than it says: no need to watch it come.
  if (length !== undefined && length <= most) return { text: await response.text(), whole: true }
  return readStream(response.body.getReader(), most)
}

const readStream = async (reader: ReadableStreamDefaultReader<Uint8Array>, most: number): Promise<Body> => {
  const chunks: Uint8Array[] = []
  let size = 0
  while (true) {
    const { value, done } = await reader.read()
    if (done) return { text: decode(chunks), whole: true }
    chunks.push(value)
    size += value.byteLength
    if (size > most) {
      await reader.cancel()
      return { text: decode(chunks), whole: false }
    }
  }
}

/** How many bytes the body has, if that is known before it is read: a compressed one may have any number. */
const declaredLength = ({ headers }: Response): number | undefined => {
  const length = headers.get('content-length')
  return length === null || headers.has('content-encoding') ? undefined : Number(length)
}

const decode = (chunks: readonly Uint8Array[]): string => new TextDecoder().decode(Buffer.concat(chunks))
