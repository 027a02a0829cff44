import { Problem } from '../../job/errors.ts'
import { type MediaType, refuseEncoding, supportedType } from './media-type.ts'

export interface Body {
  type: MediaType
  bytes: Uint8Array
}

/** Reads a body that is of one of these types, and not empty. Throws the Problem that says why it cannot. */
export const readBody = async (
  request: Request,
  types: readonly MediaType[],
  maxBytes: number,
): Promise<Body> => {
  const type = bodyType(request, types)
  const bytes = await readBytes(request, maxBytes)
  if (bytes.length === 0) throw noBody(type === 'application/json' ? 'a JSON body' : 'a body')
  return { type, bytes }
}

/** Which of these types the body has. Throws the Problem that it has none of them, or that it is encoded. */
export const bodyType = <T extends MediaType>(request: Request, types: readonly T[]): T => {
  if (!request.headers.has('content-type') && request.body === null) throw noBody('a JSON body')
  const type = supportedType(request.headers, types)
  refuseEncoding(request.headers)
  return type
}

/** SHA-256, in hexadecimal. */
export const digestOf = (bytes: Uint8Array): string =>
  new Bun.CryptoHasher('sha256').update(bytes).digest('hex')

/** A body of a length that is known is read at once, which takes half as long as in pieces. */
const readBytes = async (request: Request, most: number): Promise<Uint8Array> => {
  const announced = request.headers.get('content-length')
  if (announced !== null && Number(announced) > most) throw tooLarge(most, announced)
  try {
    return announced === null ? await readPieces(request, most) : await request.bytes()
  } catch (error) {
    throw error instanceof Problem
      ? error
      : new Problem('malformed', 'The body ended before it was complete.')
  }
}

const readPieces = async ({ body }: Request, most: number): Promise<Uint8Array> => {
  const pieces: Uint8Array[] = []
  let length = 0
  for await (const piece of body ?? []) {
    length += piece.length
    // Leaving the loop cancels the stream: what is still to come goes nowhere.
    if (length > most) throw tooLarge(most, 'more')
    pieces.push(piece)
  }
  return Buffer.concat(pieces)
}

export const noBody = (what: string) => new Problem('malformed', `Expected ${what}, got none.`)

const tooLarge = (most: number, got: string) =>
  new Problem('too_large', `Expected a body of at most ${most} bytes, got ${got}.`)
